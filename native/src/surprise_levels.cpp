#include "surprise_levels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "interval_model.h"

namespace dqm {
namespace {

constexpr size_t kLengths[] = {0, 12, 72};
// Enough deviations to know their quantiles; a longer history is sampled evenly.
constexpr size_t kDeviations = 1000;
constexpr double kBody = 0.5, kShoulder = 0.8, kOuter = 0.95;
const double kSlope = std::log((1 - kBody) / (1 - kShoulder));
const double kOuterSlope = std::log((1 - kBody) / (1 - kOuter));
// A wanted false-alert probability of 10⁻ˣ is asked for as 10⁻ʰˣ. h follows from the tail weight of the series:
// normal deviations have lighter tails than the exponential through their body, real ones mostly heavier.
constexpr double kNormalWeight = 0.78, kHeavyWeight = 1.0, kNormalFactor = 1.0, kHeavyFactor = 1.6;
const double kLn2 = std::log(2.0), kLn10 = std::log(10.0);

// Distance of each value from the median of the `length` values before it; 0 means no level.
std::vector<double> deviations_of(const std::vector<double>& rest, size_t length) {
  const size_t stride = std::max<size_t>(1, (rest.size() - length) / kDeviations);
  std::vector<double> found;
  found.reserve(rest.size() / stride + 1);
  if (length == 0) {
    for (size_t i = 0; i < rest.size(); i += stride) found.push_back(rest[i]);
    return found;
  }
  SlidingMedian median;
  median.start({rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length)});
  for (size_t i = length; i < rest.size(); ++i) {
    if ((i - length) % stride == 0) found.push_back(rest[i] - median.median());
    median.move(rest[i], rest[i - length]);
  }
  return found;
}

// β of each side from the median and the 80 % (20 %) quantile. Neither moves much when a tenth of the history was
// itself anomalous, which is what a fit to the extreme tail (peaks over threshold) cannot stand.
Surprise learn_surprise(std::vector<double> deviations, double floor) {
  std::sort(deviations.begin(), deviations.end());
  const auto at = [&](double q) { return sorted_quantile(deviations, q); };
  const double centre = at(kBody);
  const double points = std::log((1 - kBody) * static_cast<double>(deviations.size()) + 1.0);
  double below = (centre - at(1 - kShoulder)) / kSlope, above = (at(kShoulder) - centre) / kSlope;
  if (below == 0.0) below = (centre - deviations.front()) / points;
  if (above == 0.0) above = (deviations.back() - centre) / points;
  below = std::max(below, floor);
  above = std::max(above, floor);
  const double weight =
      std::max((centre - at(1 - kOuter)) / below, (at(kOuter) - centre) / above) / kOuterSlope;
  return {centre, below, above, weight};
}

double interpolate(double x, double x0, double x1, double y0, double y1) {
  return x <= x0 ? y0 : x >= x1 ? y1 : y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

}  // namespace

SurpriseLevels SurpriseLevels::fit(const History& history, SeasonShape shape, double floor) {
  SurpriseLevels found;
  found.shape_ = std::move(shape);
  std::vector<double> rest(history.values);
  for (size_t i = 0; i < rest.size(); ++i) rest[i] -= found.shape_.at(history.ts[i]);
  double weight = 0.0;
  for (const size_t length : kLengths) {
    if (rest.size() < length + kQuantilesFrom) continue;
    found.levels_.push_back({length, learn_surprise(deviations_of(rest, length), floor)});
    weight = std::max(weight, found.levels_.back().surprise.tail_weight);
  }
  weight += 1.0 / std::sqrt(static_cast<double>(rest.size()));
  found.tail_factor_ = interpolate(weight, kNormalWeight, kHeavyWeight, kNormalFactor, kHeavyFactor);
  return found;
}

void SurpriseLevels::start(const std::vector<double>& ts, const std::vector<double>& values) {
  if (ts.size() < longest()) throw Error("the state is corrupt: a model of more points than it holds");
  rest_.clear();
  for (size_t i = ts.size() - longest(); i < ts.size(); ++i) {
    rest_.push_back(values[i] - shape_.at(ts[i]));
  }
  for (size_t i = 0; i < levels_.size(); ++i) {
    medians_[i].start({rest_.end() - static_cast<std::ptrdiff_t>(levels_[i].length), rest_.end()});
  }
}

void SurpriseLevels::learned(double ts, double value) {
  if (rest_.empty()) return;
  const double incoming = value - shape_.at(ts);
  for (size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i].length > 0) medians_[i].move(incoming, rest_[rest_.size() - levels_[i].length]);
  }
  rest_.erase(rest_.begin());
  rest_.push_back(incoming);
}

Judgement SurpriseLevels::judge(double ts, double value, double rarity) const {
  const double season = shape_.at(ts);
  Centres centres{};
  double weights = 0.0, expected = 0.0, widths = 0.0;
  for (size_t i = 0; i < levels_.size(); ++i) {
    const Surprise& surprise = levels_[i].surprise;
    centres[i] = season + surprise.centre + (levels_[i].length > 0 ? medians_[i].median() : 0.0);
    const double width = surprise.above + surprise.below;
    weights += 1.0 / (width * width);
    expected += centres[i] / (width * width);
    widths += width;
  }
  expected /= weights;
  // While the levels move apart every value may surprise one of them, the expected one too: what is anomalous
  // surprises twice as much as that one does.
  const double most = std::max(tail_factor_ * rarity, combined(expected, centres) + kLn2 / kLn10);
  const double score = combined(value, centres);
  Centres mirrored{};
  for (size_t i = 0; i < levels_.size(); ++i) mirrored[i] = -centres[i];
  return {expected,
          -upper_edge(mirrored, most, true),
          upper_edge(centres, most, false),
          widths / (2.0 * static_cast<double>(levels_.size())),
          score,
          score > most};
}

double SurpriseLevels::combined(double value, const Centres& centres) const {
  double squares = 0.0;
  for (size_t i = 0; i < levels_.size(); ++i) {
    const double distance = value - centres[i];
    const Surprise& surprise = levels_[i].surprise;
    const double bits = (kLn2 + std::abs(distance) / (distance < 0 ? surprise.below : surprise.above)) / kLn10;
    squares += bits * bits;
  }
  return std::sqrt(squares / static_cast<double>(levels_.size()));
}

// Largest value whose surprise is at most `limit`; the least surprising value where all exceed it. Between two
// neighbouring centres the sum of squared surprises is a quadratic in the value, and it is convex everywhere.
double SurpriseLevels::upper_edge(const Centres& centres, double limit, bool mirrored) const {
  const size_t n = levels_.size();
  std::array<double, kLevels> order;
  order.fill(std::numeric_limits<double>::infinity());
  std::copy_n(centres.begin(), n, order.begin());
  std::sort(order.begin(), order.end());
  const double wanted = static_cast<double>(n) * (limit * kLn10) * (limit * kLn10);
  double least = 0.0, least_sum = std::numeric_limits<double>::infinity();
  for (size_t piece = n; piece-- > 0;) {  // the piece above order[piece], from the top one down
    double a = 0.0, b = 0.0, c = -wanted;  // a·y² + 2·b·y + c, y being the distance above order[piece]
    for (size_t i = 0; i < n; ++i) {
      const Surprise& surprise = levels_[i].surprise;
      const bool over = centres[i] <= order[piece];
      const double scale = over != mirrored ? surprise.above : surprise.below;
      const double slope = (over ? 1.0 : -1.0) / scale;
      const double offset = kLn2 + (order[piece] - centres[i]) * slope;
      a += slope * slope;
      b += slope * offset;
      c += offset * offset;
    }
    const double width = piece + 1 < n ? order[piece + 1] - order[piece] : std::numeric_limits<double>::infinity();
    const double root = (-b + std::sqrt(std::max(b * b - a * c, 0.0))) / a;
    if (c <= 0.0) return order[piece] + std::min(root, width);
    const double lowest = std::clamp(-b / a, 0.0, width);
    const double sum = (a * lowest + 2.0 * b) * lowest + c;
    if (sum <= 0.0) return order[piece] + std::min(root, width);
    if (sum < least_sum) least_sum = sum, least = order[piece] + lowest;
  }
  return least;
}

void SurpriseLevels::write(NumberWriter& out) const {
  out.put({tail_factor_, static_cast<double>(levels_.size())});
  for (const Level& level : levels_) {
    const Surprise& s = level.surprise;
    out.put({static_cast<double>(level.length), s.centre, s.below, s.above, s.tail_weight});
  }
  write_shape(out, shape_);
}

SurpriseLevels SurpriseLevels::read(NumberReader& in) {
  SurpriseLevels found;
  found.tail_factor_ = in.get();
  const size_t levels = in.get_count(kLevels);
  if (levels == 0) throw Error("the state is corrupt: a model without levels");
  for (size_t i = 0; i < levels; ++i) {
    Level level{in.get_count(1000), {}};
    Surprise& s = level.surprise;
    for (double* number : {&s.centre, &s.below, &s.above, &s.tail_weight}) *number = in.get();
    // start() takes the last for the longest.
    if (i > 0 && level.length <= found.longest()) {
      throw Error("the state is corrupt: a model whose levels are not in order");
    }
    found.levels_.push_back(level);
  }
  found.shape_ = read_shape(in);
  return found;
}

}  // namespace dqm
