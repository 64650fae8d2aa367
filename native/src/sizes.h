// The fixed sizes on which determinism rests: every result depends on the rows and these, never on
// threads, on the batches that carried the rows, or on the instruction set.
#pragma once
#include <cstdint>

namespace dqm {

using int128 = __int128;

constexpr int kBlockRows = 1024;             // one column of a block fits in the L1 cache
constexpr int kBlockWords = kBlockRows / 64;
constexpr int64_t kMorselRows = 1 << 16;     // unit of work, and of ordered merging
constexpr int64_t kSegmentMorselRows = kBlockRows;
constexpr int kQuantileSampleBits = 20;      // rows that all enter the quantile sketch, then one in 2^h
constexpr int kFrequentSampleBits = 17;      // the same for heavy hitters and for steps between times
constexpr double kExactLimit = 9007199254740992.0;  // 2^53: integers up to here are exact as doubles

// Rows from `first_row` on are sampled at one in 2^level.
inline int sample_level(uint64_t first_row, int sample_bits) {
  const uint64_t doublings = first_row >> sample_bits;
  return doublings ? 64 - __builtin_clzll(doublings) : 0;
}

}  // namespace dqm
