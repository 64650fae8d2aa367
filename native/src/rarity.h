// How rare a number is among those seen before: an exponential tail through its upper quantiles.
#pragma once
#include "sorted_window.h"

namespace dqm {

// Peaks over threshold: beyond the 90 % quantile u the tail is exponential, P(x) = 0.1 exp(−(x − u)/β), with β from
// the 90 % and 98 % quantiles (Siffer et al., Anomaly Detection in Streams with Extreme Value Theory, KDD 2017,
// with shape 0; quantiles instead of moments, so that past incidents of up to 2 % do not matter).
class Rarity {
 public:
  explicit Rarity(size_t window) : numbers_(window) {}

  void add(double number) { numbers_.add(number); }
  double nearest(double number) const { return numbers_.nearest(number); }
  // Minus log₁₀ of the probability of a number this high; 0 below the 90 % quantile.
  double above(double number) const;
  // Minus log₁₀ of the probability of a number this low; 0 above the 10 % quantile.
  double below(double number) const;
  double either(double number) const;
  std::vector<double> seen() const { return numbers_.seen(); }
  void load(const std::vector<double>& numbers) { numbers_.load(numbers); }

 private:
  double bits(double beyond, double shoulder, double farthest, double body) const;

  SortedWindow numbers_;
};

}  // namespace dqm
