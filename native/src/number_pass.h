// Numbers, booleans and times: block by block through every part of the state while the block is in cache.
#pragma once
#include "passes.h"

namespace dqm {

// Roughly: only to choose what to take power sums about.
double mean_of(const double* values, int count);

// A part of a morsel, or all of it, of one column.
class NumberPass {
 public:
  NumberPass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
             MorselRecord& record);

  void run();

 private:
  // What lies in a block, to find the extreme ones again.
  struct BlockRange {
    int64_t first_row;
    double minimum, maximum;
    bool all_finite;
  };

  void add_block(int64_t first_row);
  double shift_for(const double* values, int count) const;
  void start_sums(const double* values, int count, BlockSums& sums) const;
  void add_usual(const double* values, int count, const BlockSums& sums, int64_t first_row, bool all_finite);
  void count_signs(const double* values, int count, const BlockSums& sums);
  void add_exact(const double* values, int count, const BlockSums& sums);
  void add_sequence(const double* values, int count, const BlockSums& sums);
  void add_runs(const uint64_t* equal, int count, double first, uint64_t first_identity);
  void count_outside(const double* values, int count);
  // number_pass_odd.cpp
  void add_unusual(const double* values, int count, int64_t first_row);
  void add_integers(int64_t first_row);
  void add_integer_order(const int128* integers, int count);
  // number_pass_samples.cpp
  void sample(const NumberBlock& block, int64_t first_row);
  void add_tails();
  const double* load_finite(const BlockRange& range, int& count);

  bool needs_integers() const { return type_.storage == Storage::i64 || type_.storage == Storage::u64 ||
                                       type_.storage == Storage::i128; }
  double whole(double shift) const { return integral_ ? std::nearbyint(shift) : shift; }
  void remember_range(const BlockSums& sums, int64_t first_row, bool all_finite) {
    ranges_[range_count_++] = {first_row, sums.minimum, sums.maximum, all_finite};
  }
  // Of the first rows all enter the quantile sketch.
  void keep_all(const double* finite, int count) {
    if (sketched_ && level_ == 0) ordered_.quantiles.add(kernels_, 0, finite, count);
  }

  const Kernels& kernels_;
  const ColumnType& type_;
  const Morsel& morsel_;
  const PassOptions& options_;
  AnyOrder& totals_;
  MorselRecord& record_;
  InOrder& ordered_;  // of the record
  NumberReader reader_;
  const bool integral_;
  const bool timed_;
  const bool sketched_;
  const int level_;       // one row in 2^level enters the quantile sketch
  const int step_level_;  // the same for steps between times
  bool block_is_odd_ = false;  // may hold NaN or infinities
  BlockRange ranges_[kMorselRows / kBlockRows];
  int64_t range_count_ = 0;
  alignas(64) double compacted_[kBlockRows + 16];
  alignas(64) double scratch_[kBlockRows + 16];
};

}  // namespace dqm
