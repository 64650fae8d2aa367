#include "summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dqm {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double unit(const ColumnState& state) { return std::pow(10.0, state.decimals); }

void clear(dqm_summary& out) {
  out = dqm_summary{};
  for (double* value :
       {&out.minimum, &out.maximum, &out.sum, &out.mean, &out.variance, &out.stddev, &out.skewness, &out.kurtosis,
        &out.iqr, &out.mad, &out.distinct, &out.outliers, &out.first, &out.last, &out.range, &out.largest_gap,
        &out.cadence, &out.minimum_length, &out.maximum_length, &out.mean_length, &out.stddev_length}) {
    *value = kNaN;
  }
  std::fill(std::begin(out.quantiles), std::end(out.quantiles), kNaN);
}

int monotonic(const Sequence& sequence) {
  if (!sequence.ends_known || sequence.count < 2) return 0;
  if (!sequence.rises && !sequence.falls) return 3;
  if (!sequence.falls) return sequence.repeats ? 1 : 2;
  if (!sequence.rises) return sequence.repeats ? -1 : -2;
  return 0;
}

void summarize_moments(const ColumnState& state, dqm_summary& out) {
  const Moments& moments = state.ordered.moments;
  const ExactTotals& exact = state.totals.exact;
  const double ticks = unit(state);
  out.exact = exact.known && exact.any;
  out.exact_sum = out.exact && exact.sum_known;
  out.minimum = moments.minimum / ticks + 0.0;
  out.maximum = moments.maximum / ticks + 0.0;
  out.mean = moments.scaled_mean() / ticks;
  out.sum = out.exact_sum ? static_cast<double>(exact.sum) / ticks : moments.sum() / ticks;
  out.variance = moments.variance() / ticks / ticks;
  out.stddev = moments.stddev() / ticks;
  out.skewness = moments.skewness();
  out.kurtosis = moments.kurtosis();
}

// Values beyond a limit: counted in the exact tail, or, when the whole tail lies beyond, read off the sketch.
double count_beyond(const Tail& tail, double limit, double share, double values, bool& exact) {
  const auto beyond = static_cast<size_t>(
      std::count_if(tail.values().begin(), tail.values().end(), [limit](double v) { return v > limit; }));
  if (beyond < tail.values().size() || beyond < Tail::kKept) return static_cast<double>(beyond);
  exact = false;
  return std::max(static_cast<double>(beyond), std::round(share * values));
}

void summarize_sketches(const ColumnState& state, const std::vector<RankedValue>& ranked, double outlier_z, dqm_summary& out) {
  const Moments& moments = state.ordered.moments;
  if (ranked.empty()) return;
  for (size_t i = 0; i < 11; ++i) out.quantiles[i] = quantile(state, ranked, kQuantiles[i]);
  out.iqr = out.quantiles[6] - out.quantiles[4];
  out.mad = median_absolute_deviation(ranked) / unit(state);
  if (moments.count < 2) return;
  const double mean = moments.scaled_mean();
  const double reach = outlier_z * moments.stddev();
  const auto count = static_cast<double>(moments.count);
  bool exact = true;
  const double below = share_at(ranked, std::nextafter(mean - reach, -HUGE_VAL));
  const double above = 1 - share_at(ranked, mean + reach);
  out.outliers = count_beyond(state.totals.tails.low, -(mean - reach), below, count, exact) +
                 count_beyond(state.totals.tails.high, mean + reach, above, count, exact);
  out.outliers_are_exact = exact;
}

void summarize_times(const ColumnState& state, dqm_summary& out) {
  const double ticks = unit(state);
  out.range = out.maximum - out.minimum;
  const ExactTotals& exact = state.totals.exact;
  if (out.exact) {
    const auto range = static_cast<unsigned __int128>(exact.maximum) - static_cast<unsigned __int128>(exact.minimum);
    out.range = static_cast<double>(range) / ticks;
  }
  out.largest_gap = static_cast<double>(state.ordered.gaps.largest()) / ticks;
  const std::vector<RankedValue> steps = state.ordered.steps.ranked();
  if (!steps.empty()) out.cadence = value_at(steps, 0.5) / ticks;
}

void summarize_text(const TextTotals& text, dqm_summary& out) {
  out.empty = text.empty;
  out.blank = text.blank;
  if (text.count == 0) return;
  out.minimum_length = static_cast<double>(text.shortest);
  out.maximum_length = static_cast<double>(text.longest);
  out.mean_length = text.mean_length();
  out.stddev_length = text.stddev_length();
}

}  // namespace

double quantile(const ColumnState& state, const std::vector<RankedValue>& ranked, double q) {
  if (ranked.empty()) return kNaN;
  if (q == 0) return state.ordered.moments.minimum / unit(state) + 0.0;
  if (q == 1) return state.ordered.moments.maximum / unit(state) + 0.0;
  return value_at(ranked, q) / unit(state) + 0.0;
}

double rank(const ColumnState& state, const std::vector<RankedValue>& ranked, double value) {
  if (ranked.empty()) return kNaN;
  const Moments& moments = state.ordered.moments;
  const double ticks = value * unit(state);
  if (ticks < moments.minimum) return 0;
  if (ticks >= moments.maximum) return 1;
  return share_at(ranked, ticks);
}

void summarize(const ColumnState& state, const std::vector<RankedValue>& ranked, double outlier_z, dqm_summary& out) {
  clear(out);
  const AnyOrder& totals = state.totals;
  out.kind = static_cast<int32_t>(state.kind());
  out.logical = static_cast<int32_t>(state.logical);
  out.decimals = state.decimals;
  out.rows = totals.rows;
  out.nulls = totals.nulls;
  out.nans = totals.nans;
  out.positive_infinities = totals.positive_infinities;
  out.negative_infinities = totals.negative_infinities;
  out.zeros = totals.zeros;
  out.negatives = totals.negatives;
  out.outside_limits = totals.outside_limits;
  out.longest_repeat = state.ordered.sequence.longest;
  out.monotonic = state.kind() == Kind::text ? 0 : monotonic(state.ordered.sequence);
  if (state.kind() == Kind::boolean) {
    out.distinct = (totals.zeros > 0) + (totals.rows - totals.nulls > totals.zeros);
    out.distinct_is_exact = 1;
  } else if (state.sketched && state.kind() != Kind::nested) {
    out.distinct = totals.distinct.estimate();
    out.distinct_is_exact = totals.distinct.exact();
  }
  if (state.kind() == Kind::text) summarize_text(totals.text, out);
  if (state.ordered.moments.count == 0) return;
  const Sequence& sequence = state.ordered.sequence;
  if (sequence.ends_known && sequence.count > 0) {
    out.first = sequence.first / unit(state);
    out.last = sequence.last / unit(state);
  }
  summarize_moments(state, out);
  summarize_sketches(state, ranked, outlier_z, out);
  if (state.kind() == Kind::time) summarize_times(state, out);
}

}  // namespace dqm
