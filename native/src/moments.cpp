#include "moments.h"

#include <algorithm>
#include <cmath>

namespace dqm {
namespace {

constexpr double kLargest = 1e60;    // its fourth power, times 2^40 rows, is finite
constexpr double kSmallest = 1e-60;  // its fourth power is a normal number
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Adds to a sum held in two doubles (Knuth's two-sum).
void add_to_pair(double& high, double& low, double value) {
  const double total = high + value;
  const double part = total - high;
  low += (high - (total - part)) + (value - part);
  const double rounded = total + low;
  low -= rounded - total;
  high = rounded;
}

}  // namespace

int exponent_for(double largest_magnitude) {
  const bool usual = largest_magnitude < kLargest && (largest_magnitude > kSmallest || largest_magnitude == 0);
  return usual ? 0 : std::ilogb(largest_magnitude);
}

void Moments::add_block(const BlockSums& sums, double shift_low) {
  if (sums.count == 0) return;
  Moments block;
  const auto n = static_cast<double>(sums.count);
  const double a = sums.s1 / n;  // mean about the shift
  block.count = sums.count;
  block.exponent = sums.minimum == 0 && sums.maximum == 0 ? kNoExponent : sums.exponent;
  block.mean = sums.shift;
  block.mean_low = shift_low;
  add_to_pair(block.mean, block.mean_low, a);
  block.m2 = std::max(0.0, sums.s2 - n * a * a);
  block.m3 = sums.s3 - 3 * a * sums.s2 + 2 * n * a * a * a;
  block.m4 = std::max(0.0, sums.s4 - 4 * a * sums.s3 + 6 * a * a * sums.s2 - 3 * n * a * a * a * a);
  if (sums.minimum == sums.maximum) block.m2 = block.m3 = block.m4 = 0;  // one value: no rounding residue
  block.minimum = sums.minimum;
  block.maximum = sums.maximum;
  merge(block);
}

void Moments::rescale(int new_exponent) {
  if (exponent == kNoExponent) {
    exponent = new_exponent;
    return;
  }
  const int by = exponent - new_exponent;
  mean = std::ldexp(mean, by);
  mean_low = std::ldexp(mean_low, by);
  m2 = std::ldexp(m2, 2 * by);
  m2_low = std::ldexp(m2_low, 2 * by);
  m3 = std::ldexp(m3, 3 * by);
  m4 = std::ldexp(m4, 4 * by);
  exponent = new_exponent;
}

void Moments::merge(const Moments& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  if (exponent == other.exponent) {
    merge_aligned(other);
    return;
  }
  const int common = std::max(exponent, other.exponent);
  if (other.exponent == common) {
    rescale(common);
    merge_aligned(other);
  } else {
    Moments aligned = other;
    aligned.rescale(common);
    merge_aligned(aligned);
  }
}

void Moments::merge_aligned(const Moments& other) {
  const auto na = static_cast<double>(count);
  const auto nb = static_cast<double>(other.count);
  const double n = na + nb;
  const double d = (other.mean - mean) + (other.mean_low - mean_low);
  const double d2 = d * d;
  const double pa = na / n;
  const double pb = nb / n;
  m4 += other.m4 + d2 * d2 * na * pb * (pa * pa - pa * pb + pb * pb) +
        6 * d2 * (pa * pa * other.m2 + pb * pb * m2) + 4 * d * (pa * other.m3 - pb * m3);
  m3 += other.m3 + d * d2 * na * pb * (pa - pb) + 3 * d * (pa * other.m2 - pb * m2);
  add_to_pair(m2, m2_low, other.m2);
  add_to_pair(m2, m2_low, other.m2_low + d2 * na * pb);
  add_to_pair(mean, mean_low, d * pb);
  count += other.count;
  minimum = std::min(minimum, other.minimum);
  maximum = std::max(maximum, other.maximum);
}

double Moments::scaled_mean() const {
  return count ? std::ldexp(mean, exponent == kNoExponent ? 0 : exponent) : kNaN;
}

double Moments::sum() const {
  const auto n = static_cast<double>(count);
  const double product = mean * n;
  const double rest = std::fma(mean, n, -product) + mean_low * n;
  return std::ldexp(product + rest, exponent == kNoExponent ? 0 : exponent);
}

double Moments::variance() const {
  if (count < 2) return kNaN;
  return std::ldexp(m2 / static_cast<double>(count - 1), exponent == kNoExponent ? 0 : 2 * exponent);
}

double Moments::stddev() const {
  if (count < 2) return kNaN;
  return std::ldexp(std::sqrt(m2 / static_cast<double>(count - 1)), exponent == kNoExponent ? 0 : exponent);
}

double Moments::skewness() const {
  const double variance = m2 / static_cast<double>(count);
  return count && variance > 0 ? (m3 / static_cast<double>(count)) / (variance * std::sqrt(variance)) : kNaN;
}

double Moments::kurtosis() const {
  const double variance = m2 / static_cast<double>(count);
  return count && variance > 0 ? (m4 / static_cast<double>(count)) / (variance * variance) - 3 : kNaN;
}

}  // namespace dqm
