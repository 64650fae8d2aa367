// Steps and gaps between the times of one morsel.
#pragma once
#include "column_state.h"
#include "hash.h"

namespace dqm {

class TimeSteps {
 public:
  // Times in ticks, in the order of rows; whole numbers, so that differences are exact. One step in 2^level is kept.
  template <class Ticks>
  void add(const Kernels& kernels, int level, const Ticks* times, int count, InOrder& ordered) {
    const uint64_t mask = (1ull << level) - 1;
    if (!any_) stretch_ = {static_cast<int128>(times[0]), static_cast<int128>(times[0]), 0};
    auto low = static_cast<Ticks>(stretch_.low);
    auto high = static_cast<Ticks>(stretch_.high);
    auto gap = static_cast<Ticks>(stretch_.gap);
    auto previous = any_ ? static_cast<Ticks>(previous_) : times[0];
    double kept[kBlockRows];
    int kept_count = 0;
    for (int i = 0; i < count; ++i, ++seen_) {
      const Ticks time = times[i];
      const Ticks step = time - previous;
      if ((seen_ & mask) == 0) picked_ = seen_ + (mix_bits((seen_ >> level) + 1) >> 32 & mask);
      kept[kept_count] = static_cast<double>(step);
      kept_count += step > 0 && seen_ == picked_;
      gap = time - high > gap ? time - high : gap;
      high = time > high ? time : high;
      low = time < low ? time : low;
      previous = time;
    }
    any_ = true;
    stretch_ = {static_cast<int128>(low), static_cast<int128>(high), static_cast<int128>(gap)};
    previous_ = static_cast<int128>(previous);
    ordered.steps.add(kernels, level, kept, kept_count);
  }

  void finish(Gaps& gaps) const {
    if (any_) gaps.add(stretch_);
  }

 private:
  uint64_t seen_ = 0;    // times so far
  uint64_t picked_ = 0;  // the one of this group of 2^level whose step is kept
  bool any_ = false;
  int128 previous_ = 0;
  Stretch stretch_{0, 0, 0};
};

}  // namespace dqm
