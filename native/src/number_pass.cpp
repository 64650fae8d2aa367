#include "number_pass.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hash.h"

namespace dqm {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

double mean_of(const double* values, int count) {
  double parts[8] = {};
  for (int i = 0; i < count; ++i) parts[i % 8] += values[i];
  return ((parts[0] + parts[4]) + (parts[2] + parts[6]) + (parts[1] + parts[5]) + (parts[3] + parts[7])) / count;
}

NumberPass::NumberPass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
                       MorselRecord& record)
    : kernels_(kernels()),
      type_(type),
      morsel_(morsel),
      options_(options),
      totals_(totals),
      record_(record),
      ordered_(record.ordered),
      reader_(kernels_, type, morsel),
      integral_(is_integral(type)),
      timed_(kind_of(type.logical) == Kind::time),
      sketched_(options.sketched && type.logical != LogicalType::boolean),
      level_(sample_level(morsel.first_row, kQuantileSampleBits)),
      step_level_(sample_level(morsel.first_row, kFrequentSampleBits)) {}

void NumberPass::run() {
  for (int64_t row = 0; row < morsel_.rows; row += kBlockRows) add_block(row);
  if (sketched_ && !morsel_.few) add_tails();  // few values: the sealed sketch has them
}

void NumberPass::add_block(int64_t first_row) {
  const NumberBlock block = reader_.load(first_row);
  totals_.rows += block.rows;
  const double* values = block.values;
  int count = block.rows;
  if (block.valid != nullptr) {
    count = kernels_.compact(block.values, block.valid, block.rows, compacted_);
    values = compacted_;
    totals_.nulls += block.rows - count;
  }
  if (count == 0) return;
  BlockSums sums;
  if (ordered_.moments.count == 0) {
    start_sums(values, count, sums);
  } else {
    kernels_.sums(values, count, shift_for(values, count), record_.previous, &sums);
  }
  block_is_odd_ = !std::isfinite(sums.s4);
  const double magnitude = std::max(-sums.minimum, sums.maximum);
  if (integral_ && magnitude > kExactLimit && needs_integers()) {
    add_integers(first_row);
  } else if (block_is_odd_ || exponent_for(magnitude) != 0) {
    add_unusual(values, count, first_row);
  } else {
    add_usual(values, count, sums, first_row, true);
    if (sketched_) totals_.distinct.add_doubles(kernels_, values, count);
  }
  if (sketched_ && level_ > 0) sample(block, first_row);
}

// Power sums are taken about the running mean; about a whole number where values are whole, so that
// deviations, and with them the exact sum, have no rounding.
double NumberPass::shift_for(const double* values, int count) const {
  double shift = ordered_.moments.count ? ordered_.moments.scaled_mean() : mean_of(values, count);
  if (exponent_for(std::fabs(shift)) != 0) shift = mean_of(values, count);
  if (!std::isfinite(shift)) return 0;
  return whole(shift);
}

// With no mean yet: about that of a few values, and again about that of all when the few misled.
void NumberPass::start_sums(const double* values, int count, BlockSums& sums) const {
  const double guess = mean_of(values, std::min(count, 64));
  kernels_.sums(values, count, std::isfinite(guess) ? whole(guess) : 0, record_.previous, &sums);
  if (sums.s1 * sums.s1 < count * sums.s2 / 16) return;
  kernels_.sums(values, count, shift_for(values, count), record_.previous, &sums);
}

// Finite values of which `sums` are the power sums.
void NumberPass::add_usual(const double* values, int count, const BlockSums& sums, int64_t first_row, bool all_finite) {
  ordered_.moments.add_block(sums);
  remember_range(sums, first_row, all_finite);
  count_signs(values, count, sums);
  if (options_.limits.given()) count_outside(values, count);
  if (integral_ && totals_.exact.known) add_exact(values, count, sums);
  add_sequence(values, count, sums);
  if (timed_) record_.steps.add(kernels_, step_level_, values, count, ordered_);
  keep_all(values, count);
  record_.previous = values[count - 1];
  record_.last_was_integer = false;
}

void NumberPass::count_signs(const double* values, int count, const BlockSums& sums) {
  if (sums.minimum > 0) return;
  if (sums.maximum < 0) {
    totals_.negatives += count;
    return;
  }
  int64_t zeros;
  int64_t negatives;
  kernels_.signs(values, count, zeros, negatives);
  totals_.zeros += zeros;
  totals_.negatives += negatives;
}

void NumberPass::add_exact(const double* values, int count, const BlockSums& sums) {
  int128 total = 0;
  if (sums.maximum - sums.minimum < kExactLimit / kBlockRows &&
      std::fabs(sums.shift - sums.minimum) < kExactLimit / kBlockRows) {
    total = static_cast<int128>(sums.s1) + static_cast<int128>(sums.shift) * count;
  } else {
    for (int i = 0; i < count; ++i) total += static_cast<int128>(values[i]);
  }
  totals_.exact.add(static_cast<int128>(sums.minimum), static_cast<int128>(sums.maximum), total);
}

void NumberPass::add_sequence(const double* values, int count, const BlockSums& sums) {
  Sequence& sequence = ordered_.sequence;
  if (!sequence.rises || !sequence.falls) {
    bool rises;
    bool falls;
    kernels_.directions(values, count, record_.previous, rises, falls);
    sequence.rises |= rises;
    sequence.falls |= falls;
  }
  if (sums.repeats) {
    uint64_t equal[kBlockWords];
    kernels_.repeats(values, count, record_.previous, equal);
    add_runs(equal, count, values[0], hash_double(values[0]));
  } else {
    add_runs(nullptr, count, values[0], hash_double(values[0]));
  }
  sequence.last = values[count - 1];
  sequence.last_identity = hash_double(values[count - 1]);
}

// Bit i of `equal`: value i equals the one before it; null: none does.
void NumberPass::add_runs(const uint64_t* equal, int count, double first, uint64_t first_identity) {
  Sequence& sequence = ordered_.sequence;
  if (sequence.count == 0) {
    sequence.first = first;
    sequence.first_identity = first_identity;
  }
  if (equal == nullptr) {
    sequence.add_block(count);
  } else {
    sequence.add_block(equal, count);
    sequence.repeats = true;
  }
}

void NumberPass::count_outside(const double* values, int count) {
  const double ticks = std::pow(10.0, type_.decimals);
  const double lower = options_.limits.lower == options_.limits.lower ? options_.limits.lower * ticks : -kInfinity;
  const double upper = options_.limits.upper == options_.limits.upper ? options_.limits.upper * ticks : kInfinity;
  uint64_t bits[kBlockWords];
  kernels_.outside(values, count, lower, upper, bits);
  for (int word = 0; word * 64 < count; ++word) totals_.outside_limits += __builtin_popcountll(bits[word]);
}

void pass_numbers(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
                  MorselRecord& record) {
  NumberPass(type, morsel, options, totals, record).run();
}

}  // namespace dqm
