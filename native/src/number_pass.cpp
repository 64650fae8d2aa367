// Numbers, booleans and times: block by block through every part of the state while the block is in cache.
#include <algorithm>
#include <cmath>
#include <limits>

#include "hash.h"
#include "passes.h"
#include "time_steps.h"

namespace dqm {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kMorselBlocks = kMorselRows / kBlockRows;

// Roughly: only to choose what to take power sums about.
double mean_of(const double* values, int count) {
  double parts[8] = {};
  for (int i = 0; i < count; ++i) parts[i % 8] += values[i];
  return ((parts[0] + parts[4]) + (parts[2] + parts[6]) + (parts[1] + parts[5]) + (parts[3] + parts[7])) / count;
}

struct BlockRange {
  int64_t first_row;
  double minimum, maximum;
  bool all_finite;
};

class NumberPass {
 public:
  NumberPass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
             InOrder& ordered)
      : kernels_(kernels()),
        type_(type),
        morsel_(morsel),
        options_(options),
        totals_(totals),
        ordered_(ordered),
        reader_(kernels_, type, morsel),
        steps_(kernels_, morsel.first_row, ordered),
        integral_(is_integral(type)),
        timed_(kind_of(type.logical) == Kind::time),
        sketched_(options.sketched && type.logical != LogicalType::boolean),
        level_(sample_level(morsel.first_row, kQuantileSampleBits)) {}

  void run() {
    for (int64_t row = 0; row < morsel_.rows; row += kBlockRows) add_block(row);
    if (sketched_ && !morsel_.few) add_tails();  // few values: the sealed sketch has them
    if (timed_) steps_.finish();
  }

 private:
  void add_block(int64_t first_row) {
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
      kernels_.sums(values, count, shift_for(values, count), previous_, &sums);
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

  bool needs_integers() const { return type_.storage == Storage::i64 || type_.storage == Storage::u64 ||
                                       type_.storage == Storage::i128; }

  // Power sums are taken about the running mean; about a whole number where values are whole, so that
  // deviations, and with them the exact sum, have no rounding.
  double shift_for(const double* values, int count) const {
    double shift = ordered_.moments.count ? ordered_.moments.scaled_mean() : mean_of(values, count);
    if (exponent_for(std::fabs(shift)) != 0) shift = mean_of(values, count);
    if (!std::isfinite(shift)) return 0;
    return whole(shift);
  }

  // With no mean yet: about that of a few values, and again about that of all when the few misled.
  void start_sums(const double* values, int count, BlockSums& sums) const {
    const double guess = mean_of(values, std::min(count, 64));
    kernels_.sums(values, count, std::isfinite(guess) ? whole(guess) : 0, previous_, &sums);
    if (sums.s1 * sums.s1 < count * sums.s2 / 16) return;
    kernels_.sums(values, count, shift_for(values, count), previous_, &sums);
  }

  double whole(double shift) const { return integral_ ? std::nearbyint(shift) : shift; }

  // Finite values of which `sums` are the power sums.
  void add_usual(const double* values, int count, const BlockSums& sums, int64_t first_row, bool all_finite) {
    ordered_.moments.add_block(sums);
    remember_range(sums, first_row, all_finite);
    count_signs(values, count, sums);
    if (options_.limits.given()) count_outside(values, count);
    if (integral_ && totals_.exact.known) add_exact(values, count, sums);
    add_sequence(values, count, sums);
    if (timed_) steps_.add(values, count);
    keep_all(values, count);
    previous_ = values[count - 1];
    last_was_integer_ = false;
  }

  void remember_range(const BlockSums& sums, int64_t first_row, bool all_finite) {
    ranges_[range_count_++] = {first_row, sums.minimum, sums.maximum, all_finite};
  }

  void count_signs(const double* values, int count, const BlockSums& sums) {
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

  void add_exact(const double* values, int count, const BlockSums& sums) {
    int128 total = 0;
    if (sums.maximum - sums.minimum < kExactLimit / kBlockRows &&
        std::fabs(sums.shift - sums.minimum) < kExactLimit / kBlockRows) {
      total = static_cast<int128>(sums.s1) + static_cast<int128>(sums.shift) * count;
    } else {
      for (int i = 0; i < count; ++i) total += static_cast<int128>(values[i]);
    }
    totals_.exact.add(static_cast<int128>(sums.minimum), static_cast<int128>(sums.maximum), total);
  }

  void add_sequence(const double* values, int count, const BlockSums& sums) {
    Sequence& sequence = ordered_.sequence;
    if (!sequence.rises || !sequence.falls) {
      bool rises;
      bool falls;
      kernels_.directions(values, count, previous_, rises, falls);
      sequence.rises |= rises;
      sequence.falls |= falls;
    }
    if (sums.repeats) {
      uint64_t equal[kBlockWords];
      kernels_.repeats(values, count, previous_, equal);
      add_runs(equal, count, values[0], hash_double(values[0]));
    } else {
      add_runs(nullptr, count, values[0], hash_double(values[0]));
    }
    sequence.last = values[count - 1];
    sequence.last_identity = hash_double(values[count - 1]);
  }

  // Bit i of `equal`: value i equals the one before it; null: none does.
  void add_runs(const uint64_t* equal, int count, double first, uint64_t first_identity) {
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

  void count_outside(const double* values, int count) {
    const double ticks = std::pow(10.0, type_.decimals);
    const double lower = options_.limits.lower == options_.limits.lower ? options_.limits.lower * ticks : -kInfinity;
    const double upper = options_.limits.upper == options_.limits.upper ? options_.limits.upper * ticks : kInfinity;
    uint64_t bits[kBlockWords];
    kernels_.outside(values, count, lower, upper, bits);
    for (int word = 0; word * 64 < count; ++word) totals_.outside_limits += __builtin_popcountll(bits[word]);
  }

  // NaN, infinities, or magnitudes whose fourth power leaves the range of a double.
  void add_unusual(const double* values, int count, int64_t first_row) {
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
    kernels_.repeats(finite, finite_count, previous_, equal);
    sums.repeats = std::any_of(equal, equal + (finite_count + 63) / 64, [](uint64_t word) { return word != 0; });
    sums.exponent = exponent;
    sums.minimum = minimum;
    sums.maximum = maximum;
    add_usual(finite, finite_count, sums, first_row, finite_count == count);
  }

  // Integers beyond 2^53, which doubles cannot tell apart: everything is taken about the block's first value.
  void add_integers(int64_t first_row) {
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
    previous_ = static_cast<double>(integers[count - 1]);
  }

  void add_integer_order(const int128* integers, int count) {
    uint64_t equal[kBlockWords] = {};
    uint64_t hashes[kBlockRows];
    Sequence& sequence = ordered_.sequence;
    bool repeats = false;
    bool known = sequence.count > 0;
    int128 before = last_was_integer_ || !known ? last_integer_ : static_cast<int128>(previous_);
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
    if (timed_) steps_.add(integers, count);
    double rounded[kBlockRows];
    for (int i = 0; i < count; ++i) rounded[i] = static_cast<double>(integers[i]);
    keep_all(rounded, count);
    last_integer_ = before;
    last_was_integer_ = true;
  }

  // Of the first rows all enter the quantile sketch.
  void keep_all(const double* finite, int count) {
    if (sketched_ && level_ == 0) ordered_.quantiles.add(kernels_, 0, finite, count);
  }

  // Later one row in 2^level does, picked by its number in the data.
  void sample(const NumberBlock& block, int64_t first_row) {
    const uint64_t begin = morsel_.first_row + static_cast<uint64_t>(first_row);
    const auto rows = static_cast<uint64_t>(block.rows);
    const uint64_t mask = (1ull << level_) - 1;
    const uint64_t group_begin = begin >> level_;
    const uint64_t groups = ((begin + rows - 1) >> level_) - group_begin + 1;
    double kept[kBlockRows];
    int count = 0;
    for (uint64_t group = group_begin; group < group_begin + groups; ++group) {
      // Of a group that began before this block or ends behind it, the pick may lie elsewhere.
      const uint64_t i = (group << level_) + (mix_bits(group + 1) >> 32 & mask) - begin;
      if (i >= rows) continue;
      kept[count] = block.values[i];
      count += block.valid == nullptr || ((block.valid[i / 64] >> (i % 64)) & 1);
    }
    const auto is_odd = [](double value) { return !std::isfinite(value); };
    if (block_is_odd_) count = static_cast<int>(std::remove_if(kept, kept + count, is_odd) - kept);
    ordered_.quantiles.add(kernels_, level_, kept, count);
  }

  // Extreme blocks first: on sorted data the rest then have nothing to give.
  void add_tails() {
    const auto begin = ranges_;
    const auto end = ranges_ + range_count_;
    std::sort(begin, end, [](const BlockRange& a, const BlockRange& b) { return a.maximum > b.maximum; });
    for (auto range = begin; range != end && totals_.tails.high.would_take(range->maximum); ++range) {
      int count;
      const double* values = load_finite(*range, count);
      totals_.tails.add_high(kernels_, values, count);
    }
    std::sort(begin, end, [](const BlockRange& a, const BlockRange& b) { return a.minimum < b.minimum; });
    for (auto range = begin; range != end && totals_.tails.low.would_take(-range->minimum); ++range) {
      int count;
      const double* values = load_finite(*range, count);
      totals_.tails.add_low(kernels_, values, count);
    }
  }

  const double* load_finite(const BlockRange& range, int& count) {
    const NumberBlock block = reader_.load(range.first_row);
    const double* values = block.values;
    count = block.rows;
    if (block.valid != nullptr) {
      count = kernels_.compact(block.values, block.valid, block.rows, compacted_);
      values = compacted_;
    }
    if (range.all_finite) return values;
    const auto is_finite = [](double value) { return std::isfinite(value); };
    count = static_cast<int>(std::copy_if(values, values + count, scratch_, is_finite) - scratch_);
    return scratch_;
  }

  const Kernels& kernels_;
  const ColumnType& type_;
  const Morsel& morsel_;
  const PassOptions& options_;
  AnyOrder& totals_;
  InOrder& ordered_;
  NumberReader reader_;
  TimeSteps steps_;
  const bool integral_;
  const bool timed_;
  const bool sketched_;
  const int level_;
  bool last_was_integer_ = false;
  bool block_is_odd_ = false;  // may hold NaN or infinities
  double previous_ = kNaN;
  int128 last_integer_ = 0;
  BlockRange ranges_[kMorselBlocks];
  int64_t range_count_ = 0;
  alignas(64) double compacted_[kBlockRows + 16];
  alignas(64) double scratch_[kBlockRows + 16];
};

}  // namespace

void pass_numbers(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
                  InOrder& ordered) {
  NumberPass(type, morsel, options, totals, ordered).run();
}

void pass_counts(const ColumnType& type, const Morsel& morsel, AnyOrder& totals) {
  for (const Piece& piece : morsel.pieces) {
    totals.rows += piece.rows;
    for (int64_t row = 0; row < piece.rows; row += kBlockRows) {
      const int rows = static_cast<int>(std::min<int64_t>(kBlockRows, piece.rows - row));
      uint64_t valid[kBlockWords];
      if (load_validity(type, *piece.array, piece.start + row, rows, valid)) continue;
      totals.nulls += rows;
      for (int word = 0; word * 64 < rows; ++word) totals.nulls -= __builtin_popcountll(valid[word]);
    }
  }
}

void pass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
          InOrder& ordered) {
  switch (kind_of(type.logical)) {
    case Kind::null:
    case Kind::nested: pass_counts(type, morsel, totals); return;
    case Kind::text: pass_text(type, morsel, options, totals, ordered); return;
    default: pass_numbers(type, morsel, options, totals, ordered);
  }
}

}  // namespace dqm
