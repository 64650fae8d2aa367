// Blocks that doubles or plain power sums cannot take as they are.
#include <algorithm>
#include <cmath>
#include <limits>

#include "hash.h"
#include "number_pass.h"

namespace dqm {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

// NaN, infinities, or magnitudes whose fourth power leaves the range of a double.
void NumberPass::add_unusual(const double* values, int count, int64_t first_row) {
  alignas(64) double numbers[kBlockRows];
  alignas(64) double finite[kBlockRows];
  int number_count = 0;
  int finite_count = 0;
  for (int i = 0; i < count; ++i) {
    if (std::isnan(values[i])) {
      ++totals_.nans;
      continue;
    }
    numbers[number_count++] = values[i];
    totals_.positive_infinities += values[i] == kInfinity;
    totals_.negative_infinities += values[i] == -kInfinity;
    if (std::isfinite(values[i])) finite[finite_count++] = values[i];
  }
  if (sketched_) totals_.distinct.add_doubles(kernels_, numbers, number_count);
  if (finite_count == 0) return;
  const double minimum = *std::min_element(finite, finite + finite_count);
  const double maximum = *std::max_element(finite, finite + finite_count);
  const int exponent = exponent_for(std::max(-minimum, maximum));
  alignas(64) double scaled[kBlockRows];
  for (int i = 0; i < finite_count; ++i) scaled[i] = std::ldexp(finite[i], -exponent);
  BlockSums sums;
  const double shift = exponent == 0 ? shift_for(scaled, finite_count) : mean_of(scaled, finite_count);
  kernels_.sums(scaled, finite_count, shift, kNaN, &sums);
  uint64_t equal[kBlockWords];  // scaling may have made small values zero
  kernels_.repeats(finite, finite_count, record_.previous, equal);
  sums.repeats = std::any_of(equal, equal + (finite_count + 63) / 64, [](uint64_t word) { return word != 0; });
  sums.exponent = exponent;
  sums.minimum = minimum;
  sums.maximum = maximum;
  add_usual(finite, finite_count, sums, first_row, finite_count == count);
}

// Integers beyond 2^53, which doubles cannot tell apart: everything is taken about the block's first value.
void NumberPass::add_integers(int64_t first_row) {
  int128 integers[kBlockRows];
  const int count = reader_.load_integers(first_row, integers);
  const int128 origin = integers[0];
  alignas(64) double deviations[kBlockRows];
  int128 minimum = origin;
  int128 maximum = origin;
  int128 total = 0;
  bool fits = true;
  for (int i = 0; i < count; ++i) {
    int128 deviation;
    fits = !__builtin_sub_overflow(integers[i], origin, &deviation) && fits;
    deviations[i] = static_cast<double>(deviation);
    minimum = std::min(minimum, integers[i]);
    maximum = std::max(maximum, integers[i]);
    fits = !__builtin_add_overflow(total, integers[i], &total) && fits;
  }
  totals_.exact.add(minimum, maximum, total);
  if (!fits) totals_.exact.sum_known = false;
  BlockSums sums;
  kernels_.sums(deviations, count, 0, kNaN, &sums);
  add_integer_order(integers, count);
  sums.minimum = static_cast<double>(minimum);
  sums.maximum = static_cast<double>(maximum);
  sums.shift = static_cast<double>(origin);
  ordered_.moments.add_block(sums, static_cast<double>(origin - static_cast<int128>(sums.shift)));
  remember_range(sums, first_row, true);
  record_.previous = static_cast<double>(integers[count - 1]);
}

void NumberPass::add_integer_order(const int128* integers, int count) {
  uint64_t equal[kBlockWords] = {};
  uint64_t hashes[kBlockRows];
  Sequence& sequence = ordered_.sequence;
  bool repeats = false;
  bool known = sequence.count > 0;
  int128 before = record_.last_was_integer || !known ? record_.last_integer : static_cast<int128>(record_.previous);
  const double ticks = std::pow(10.0, type_.decimals);
  for (int i = 0; i < count; ++i) {
    const int128 value = integers[i];
    totals_.zeros += value == 0;
    totals_.negatives += value < 0;
    if (known && value == before) {
      equal[i / 64] |= 1ull << (i % 64);
      repeats = true;
    }
    sequence.rises |= known && value > before;
    sequence.falls |= known && value < before;
    before = value;
    known = true;
    hashes[i] = hash_integer(value);
    const double unit = static_cast<double>(value) / ticks;
    totals_.outside_limits += unit < options_.limits.lower || unit > options_.limits.upper;
  }
  if (sketched_) totals_.distinct.add_hashes(hashes, count);
  add_runs(repeats ? equal : nullptr, count, static_cast<double>(integers[0]), hashes[0]);
  sequence.last = static_cast<double>(before);
  sequence.last_identity = hashes[count - 1];
  if (timed_) record_.steps.add(kernels_, step_level_, integers, count, ordered_);
  double rounded[kBlockRows];
  for (int i = 0; i < count; ++i) rounded[i] = static_cast<double>(integers[i]);
  keep_all(rounded, count);
  record_.last_integer = before;
  record_.last_was_integer = true;
}

}  // namespace dqm
