// The exact lowest and highest values, so that outliers can be counted after one pass.
#pragma once
#include <cstddef>
#include <limits>
#include <vector>

#include "kernels.h"
#include "sizes.h"

namespace dqm {

// The kKept extreme values of one side, as a multiset: independent of order and of merging.
// Values are stored as `sign * value`, so that "extreme" is always "largest".
class Tail {
 public:
  static constexpr size_t kKept = 256;

  void add(double value) {
    if (value <= threshold_) return;
    values_.push_back(value);
    if (values_.size() >= 4 * kKept) shrink();
  }
  void merge(const Tail& other);
  void shrink();
  bool would_take(double value) const { return value > threshold_; }
  double threshold() const { return threshold_; }
  bool full() const { return values_.size() >= kKept; }
  const std::vector<double>& values() const { return values_; }
  void load(std::vector<double> values);

 private:
  std::vector<double> values_;
  double threshold_ = -std::numeric_limits<double>::infinity();  // nothing up to here is kept
};

class Tails {
 public:
  Tail low;   // of negated values
  Tail high;

  void add_low(const Kernels& kernels, const double* values, int count);
  void add_high(const Kernels& kernels, const double* values, int count);
  void merge(const Tails& other);
  void seal();
};

}  // namespace dqm
