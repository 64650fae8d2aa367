// A mergeable quantile sketch: sorted runs whose values stand for 2^level rows each.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels.h"

namespace dqm {

// A value and the weight of it and everything below it.
struct RankedValue {
  double value;
  double cumulative;
};

// Equal-size buffers with random halving (Agarwal et al., Mergeable Summaries, PODS 2012), and, once sealed,
// geometrically smaller lower levels as in KLL (Karnin, Lang, Liberty 2016). Consecutive halvings of a level
// keep opposite halves, which halves their variance. Exact up to kRun values; beyond that the rank error is
// below 0.1 % (see native/README.md for the measured tables).
class QuantileSketch {
 public:
  static constexpr size_t kRun = 8192;
  static constexpr int kMaxLevels = 48;

  // Adds values that stand for 2^level rows each.
  void add(const Kernels& kernels, int level, const double* values, int count);
  void merge(const Kernels& kernels, const QuantileSketch& other);
  // Sorts what is still loose and halves levels down to their size at rest.
  void seal(const Kernels& kernels);

  bool empty() const { return levels_.empty() && loose_.empty(); }
  std::vector<RankedValue> ranked() const;  // sealed sketches only

  const std::vector<std::vector<double>>& levels() const { return levels_; }
  uint64_t coins() const { return coins_; }
  void load(std::vector<std::vector<double>> levels, uint64_t coins);

 private:
  void flush(const Kernels& kernels);
  void insert_sorted(size_t level, const double* run, size_t size, size_t most);
  size_t halve(size_t level, double* run, size_t size);

  std::vector<double> loose_;  // unsorted, each standing for 2^loose_level_ rows
  int loose_level_ = 0;
  std::vector<std::vector<double>> levels_;
  uint64_t coins_ = 0;         // one bit per level: which half the next halving keeps
};

// Smallest value whose cumulative share of the weight reaches q; NaN when empty.
double value_at(const std::vector<RankedValue>& ranked, double q);
// Share of the weight at or below `value`.
double share_at(const std::vector<RankedValue>& ranked, double value);
// Median of the distances from the median.
double median_absolute_deviation(const std::vector<RankedValue>& ranked);

}  // namespace dqm
