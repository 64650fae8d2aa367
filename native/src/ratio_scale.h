// The scale on which equal ratios are equal distances, for values that are normally above zero.
#pragma once
#include <optional>
#include <vector>

#include "judging_scale.h"

namespace dqm {

// log(x + offset), a started logarithm (Tukey 1977, Exploratory Data Analysis, chapter 3): zero, and what is below it,
// is about as far as a fall to a tenth of the smallest usual value.
class RatioScale {
 public:
  // None for values that have no ratios (real, share) or of which a twentieth is not above zero: falls to zero are
  // normal there.
  static std::optional<RatioScale> choose(std::vector<double> values, ValueKind kind);
  explicit RatioScale(double offset) : offset_(offset) {}
  double offset() const { return offset_; }
  double forward(double value) const;
  double backward(double scaled) const;
  std::vector<double> forward(const std::vector<double>& values) const;

 private:
  double offset_;
};

}  // namespace dqm
