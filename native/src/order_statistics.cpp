#include "order_statistics.h"

#include <algorithm>
#include <cmath>

namespace dqm {
namespace {

// Makes the median absolute deviation of normal data equal its standard deviation.
constexpr double kMadToSigma = 1.4826022185056018;
constexpr double kIqrToSigma = 1 / 1.3489795003921634;
constexpr double kMeanDeviationToSigma = 1.2533141373155003;
// Points further than 3.5 + 20/n robust scales from the median do not count. The second term keeps the
// false-alert rate of the interval at its nominal value from 8 points on (measured, docs/baselines.md).
constexpr double kRejectBeyond = 3.5, kRejectSmall = 20.0;
// Standard deviation of normal data that was cut at ±3.5σ.
constexpr double kCutSigma = 0.9976;

// Small-sample correction of the MAD: Croux and Rousseeuw, Time-efficient algorithms for two highly robust
// estimators of scale (1992), section 4.
double mad_correction(size_t n) {
  constexpr double kSmall[] = {1.0, 1.0, 1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107};
  const auto count = static_cast<double>(n);
  return n < 10 ? kSmall[n] : count / (count - 0.8);
}

double interpolated(double low, double high, double part) { return low + (high - low) * part; }

double quantile_of(std::vector<double>& values, double q) {
  const double place = q * static_cast<double>(values.size() - 1);
  const auto rank = static_cast<size_t>(place);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), at, values.end());
  if (rank + 1 == values.size()) return *at;
  return interpolated(*at, *std::min_element(at + 1, values.end()), place - static_cast<double>(rank));
}

// More than half of the values are one value: the rest decide, unless few enough to be faults.
Spread mostly_equal(const std::vector<double>& values, std::vector<double>& deviations, double centre) {
  const size_t n = values.size();
  const auto n_real = static_cast<double>(n);
  const auto moved = static_cast<size_t>(
      std::count_if(deviations.begin(), deviations.end(), [](double d) { return d != 0.0; }));
  if (moved <= std::max<size_t>(1, n / 10)) return {centre, 0.0, n_real};
  const double limit = quantile_of(deviations, 0.95);
  double sum = 0.0, count = 0.0;
  for (const double value : values) {
    const double deviation = std::abs(value - centre);
    if (deviation <= limit) sum += deviation, count += 1.0;
  }
  return {centre, sum / count * kMeanDeviationToSigma, n_real};
}

// How many of the sorted numbers are smaller than `value`. Its steps do not depend on the numbers: no branch of
// it is mispredicted, which is most of what a search in a few dozen of them costs.
size_t rank_of(const std::vector<double>& sorted, double value) {
  const double* first = sorted.data();
  for (size_t n = sorted.size(); n > 0;) {
    const size_t half = (n + 1) / 2;
    first += half * static_cast<size_t>(first[half - 1] < value);
    n -= half;
  }
  return static_cast<size_t>(first - sorted.data());
}

}  // namespace

double median_of(std::vector<double>& values) {
  const size_t half = values.size() / 2;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(half);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

double sorted_quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto rank = static_cast<size_t>(place);
  if (rank + 1 >= sorted.size()) return sorted.back();
  return interpolated(sorted[rank], sorted[rank + 1], place - static_cast<double>(rank));
}

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  const double rough = sum / static_cast<double>(values.size());
  double rest = 0.0;  // a second pass takes the rounding of the first away
  for (const double value : values) rest += value - rough;
  return rough + rest / static_cast<double>(values.size());
}

double deviation_of(const std::vector<double>& values, double mean) {
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (static_cast<double>(values.size()) - 1.0));
}

Spread robust_spread(const std::vector<double>& values) {
  const size_t n = values.size();
  const auto n_real = static_cast<double>(n);
  std::vector<double> work(values);
  const double centre = median_of(work);
  for (size_t i = 0; i < n; ++i) work[i] = std::abs(values[i] - centre);
  double scale = median_of(work) * kMadToSigma * mad_correction(n);
  if (scale == 0.0) {
    std::vector<double> again(values);
    const double low = quantile_of(again, 0.25);
    scale = (quantile_of(again, 0.75) - low) * kIqrToSigma;
  }
  if (scale == 0.0) return mostly_equal(values, work, centre);
  const double reach = (kRejectBeyond + kRejectSmall / n_real) * scale;
  work.clear();
  for (const double value : values) {
    if (std::abs(value - centre) <= reach) work.push_back(value);
  }
  if (work.size() < std::max<size_t>(2, n / 2)) return {centre, scale, n_real};
  const double mean = mean_of(work);
  const double deviation = deviation_of(work, mean) / kCutSigma;
  return {mean, deviation > 0.0 ? deviation : scale, static_cast<double>(work.size())};
}

void SlidingMedian::start(const std::vector<double>& numbers) {
  sorted_ = numbers;
  std::sort(sorted_.begin(), sorted_.end());
}

void SlidingMedian::move(double incoming, double outgoing) {
  double* const sorted = sorted_.data();
  const size_t gone = rank_of(sorted_, outgoing), place = rank_of(sorted_, incoming);
  if (place > gone) {
    std::copy(sorted + gone + 1, sorted + place, sorted + gone);
    sorted[place - 1] = incoming;
  } else {
    std::copy_backward(sorted + place, sorted + gone, sorted + gone + 1);
    sorted[place] = incoming;
  }
}

double SlidingMedian::median() const {
  const size_t half = sorted_.size() / 2;
  return sorted_.size() % 2 == 1 ? sorted_[half] : (sorted_[half - 1] + sorted_[half]) / 2.0;
}

}  // namespace dqm
