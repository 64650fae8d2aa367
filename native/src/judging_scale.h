// The scale on which a series is judged: counts, shares and positive values get steadier variance.
#pragma once
#include <vector>

namespace dqm {

// Never renumber: states hold these.
enum class ValueKind { kUnknown = 0, kReal = 1, kCount = 2, kShare = 3, kPositive = 4 };

// real: x. count: √(x + 3/8) (Anscombe 1948). share: arcsin √x. positive: log x.
class JudgingScale {
 public:
  explicit JudgingScale(ValueKind kind) : kind_(kind) {}
  ValueKind kind() const { return kind_; }
  double forward(double value) const;
  // Back to values; bounds beyond the kind's range are cut off at it.
  double backward(double scaled) const;
  std::vector<double> forward(const std::vector<double>& values) const;
  // Scale of a series that never moved, on the judging scale, at judged level `level`: a share of 0 then
  // tolerates about 0.2 %, a positive or real value about 2 %, at four scales; a small count keeps the
  // Poisson spread (0.5 after Anscombe's square root).
  double constant_floor(double level) const;

 private:
  ValueKind kind_;
};

// Chooses the scale from past values (at least one), unless the kind is known. Shares are only recognised when
// told, or when all values lie in [0, 1] and some are not whole; small counts are whole, not negative and mostly
// below 1,000; a log scale is for values above zero that span a wide ratio.
JudgingScale choose_scale(const std::vector<double>& values, ValueKind known);

}  // namespace dqm
