// Medians, quantiles and robust spread of a sample.
#pragma once
#include <cstddef>
#include <vector>

namespace dqm {

// Centre and scale of a sample, and how many points they rest on.
struct Spread {
  double centre, scale, n;
  double degrees_of_freedom() const { return n > 2.0 ? n - 1.0 : 1.0; }
};

// Median; the values are reordered. Needs at least one.
double median_of(std::vector<double>& values);
// Quantile by linear interpolation of sorted values.
double sorted_quantile(const std::vector<double>& sorted, double q);
// Median and MAD find the bad points, mean and standard deviation of the others are the answer: one-step
// reweighted estimate (Rousseeuw and Leroy, Robust Regression and Outlier Detection, 1987, 4.2).
Spread robust_spread(const std::vector<double>& values);
double mean_of(const std::vector<double>& values);
// Sample standard deviation (n − 1).
double deviation_of(const std::vector<double>& values, double mean);

// The median of the newest few numbers, moved on one at a time.
class SlidingMedian {
 public:
  void start(const std::vector<double>& numbers);
  void move(double incoming, double outgoing);
  double median() const;

 private:
  std::vector<double> sorted_;
};

}  // namespace dqm
