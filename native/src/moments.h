// Count, mean and central moments of finite values, merged without loss of stability.
#pragma once
#include <cstdint>
#include <limits>

#include "sizes.h"

namespace dqm {

// Power sums of one block's finite values, times 2^-exponent, about `shift`.
struct BlockSums {
  int64_t count = 0;
  double shift = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0;
  int exponent = 0;
  double minimum = std::numeric_limits<double>::infinity();   // unscaled
  double maximum = -std::numeric_limits<double>::infinity();  // unscaled
  int64_t zeros = 0, negatives = 0;
  int64_t repeats = 0, falls = 0;  // against the value before, the first against `previous`
};

// Mean in two doubles and sums of powers of deviations (Chan, Golub, LeVeque 1979; Pébay 2008 for the
// third and fourth), all of value * 2^-exponent so that neither 1e308 nor denormals leave the range.
// Stated bound: relative error of mean and stddev below 1e-15 plus 4e-16 per doubling of blocks.
class Moments {
 public:
  static constexpr int kNoExponent = -32768;  // nothing but zeros so far: adopts any other exponent

  int64_t count = 0;
  int exponent = 0;
  double mean = 0, mean_low = 0;
  double m2 = 0, m2_low = 0, m3 = 0, m4 = 0;
  double minimum = std::numeric_limits<double>::infinity();   // unscaled
  double maximum = -std::numeric_limits<double>::infinity();  // unscaled

  // `shift_low`: what the shift misses of its exact value.
  void add_block(const BlockSums& sums, double shift_low = 0);
  void merge(const Moments& other);

  double scaled_mean() const;  // in the values' own scale, as are the rest
  double sum() const;
  double variance() const;     // of a sample: n - 1
  double stddev() const;
  double skewness() const;     // of the population, as scipy.stats.skew
  double kurtosis() const;     // excess, of the population

 private:
  void merge_aligned(const Moments& other);
  void rescale(int new_exponent);
};

// The exponent that brings values of this size into the range where fourth powers exist: 0 for most.
int exponent_for(double largest_magnitude);

}  // namespace dqm
