// What is kept of single values: samples for the quantiles, and the exact tails.
#include <algorithm>
#include <cmath>

#include "hash.h"
#include "number_pass.h"

namespace dqm {

// Later one row in 2^level does, picked by its number in the data.
void NumberPass::sample(const NumberBlock& block, int64_t first_row) {
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
void NumberPass::add_tails() {
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

const double* NumberPass::load_finite(const BlockRange& range, int& count) {
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

}  // namespace dqm
