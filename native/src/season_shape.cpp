#include "season_shape.h"

#include <algorithm>
#include <cmath>

#include "order_statistics.h"

namespace dqm {
namespace {

// 1970-01-01 was a Thursday: phases of a week start on Monday 00:00 UTC.
constexpr double kEpochToMonday = 3 * kDay;
constexpr double kMostSlots = 288, kFewestSlots = 3;
// Full periods of history before a period is considered at all.
constexpr double kPeriodsNeeded = 3;
// A seasonal shape must make the spread of new points this much smaller to be believed.
constexpr double kWorthwhile = 0.75;

size_t slot_of(double ts, double period, size_t slots) {
  const double shifted = ts + kEpochToMonday;
  const double phase = shifted / period - std::floor(shifted / period);
  return std::min(static_cast<size_t>(phase * static_cast<double>(slots) + 1e-6), slots - 1);
}

// Mean distance from the median, the farthest tenth (at least one point) left out.
double trimmed_distance(std::vector<double> values) {
  const double centre = median_of(values);
  for (double& value : values) value = std::abs(value - centre);
  std::sort(values.begin(), values.end());
  values.resize(values.size() - std::max<size_t>(values.size() / 10, 1));
  return mean_of(values);
}

// A weekend is two days of seven: a robust spread takes them for outliers, and would not see that a week's shape
// explains them.
double spread_over(const std::vector<double>& values, double period) {
  return period == kWeek ? trimmed_distance(values) : robust_spread(values).scale;
}

// Spread of the points from `first` on with the shape over their spread without it.
double gain_of(const History& history, size_t first, const SeasonShape& shape) {
  std::vector<double> plain(history.values.begin() + static_cast<std::ptrdiff_t>(first), history.values.end());
  const double without = spread_over(plain, shape.period);
  if (!(without > 0.0)) return 1.0;
  for (size_t i = 0; i < plain.size(); ++i) plain[i] -= shape.at(history.ts[first + i]);
  return spread_over(plain, shape.period) / without;
}

}  // namespace

double SeasonShape::at(double ts) const {
  return period == 0.0 ? 0.0 : profile[slot_of(ts, period, profile.size())];
}

SeasonShape fit_shape(const History& history, size_t n, double period) {
  const auto slots = static_cast<size_t>(
      std::clamp(std::nearbyint(period / history.cadence), kFewestSlots, kMostSlots));
  std::vector<size_t> slot(n), ends(slots, 0);
  for (size_t i = 0; i < n; ++i) ++ends[slot[i] = slot_of(history.ts[i], period, slots)];
  for (size_t i = 1; i < slots; ++i) ends[i] += ends[i - 1];
  std::vector<double> grouped(n);
  for (size_t i = n; i-- > 0;) grouped[--ends[slot[i]]] = history.values[i];  // `ends` become the starts
  std::vector<double> group(history.values.begin(), history.values.begin() + static_cast<std::ptrdiff_t>(n));
  const double level = median_of(group);
  SeasonShape shape{period, std::vector<double>(slots, 0.0)};
  for (size_t i = 0; i < slots; ++i) {
    const size_t end = i + 1 < slots ? ends[i + 1] : n;
    if (end == ends[i]) continue;
    group.assign(grouped.begin() + static_cast<std::ptrdiff_t>(ends[i]),
                 grouped.begin() + static_cast<std::ptrdiff_t>(end));
    const auto count = static_cast<double>(group.size());
    shape.profile[i] = (median_of(group) - level) * count / (count + 1.0);
  }
  return shape;
}

SeasonShape learn_shape(const History& history) {
  SeasonShape best;
  if (!(history.cadence > 0.0)) return best;
  double best_gain = kWorthwhile;
  const double newest = history.ts.back();
  for (const double period : {kDay, kWeek}) {
    const double span = newest - history.ts.front() + history.cadence;
    if (span < kPeriodsNeeded * period || period < kFewestSlots * history.cadence) continue;
    const auto known = static_cast<size_t>(
        std::upper_bound(history.ts.begin(), history.ts.end(), newest - period) - history.ts.begin());
    if (static_cast<double>(known) < kFewestSlots ||
        static_cast<double>(history.ts.size() - known) < kFewestSlots) {
      continue;
    }
    const double gain = gain_of(history, known, fit_shape(history, known, period));
    if (gain < best_gain) {
      best = fit_shape(history, history.ts.size(), period);
      best_gain = gain;
    }
  }
  return best;
}

}  // namespace dqm
