// Steps and gaps between the times of one morsel.
#pragma once
#include "column_state.h"
#include "hash.h"

namespace dqm {

class TimeSteps {
 public:
  TimeSteps(const Kernels& kernels, uint64_t first_row, InOrder& ordered)
      : kernels_(kernels), level_(sample_level(first_row, kFrequentSampleBits)), ordered_(ordered) {}

  // Times in ticks, in the order of rows.
  template <class Ticks>
  void add(const Ticks* times, int count) {
    double kept[kBlockRows];
    int kept_count = 0;
    for (int i = 0; i < count; ++i) {
      const auto time = static_cast<int128>(times[i]);
      if (!any_) {
        stretch_ = {time, time, 0};
      } else {
        const int128 step = time - previous_;
        if (step > 0 && picked(seen_)) kept[kept_count++] = static_cast<double>(step);
        if (time > stretch_.high) {
          stretch_.gap = time - stretch_.high > stretch_.gap ? time - stretch_.high : stretch_.gap;
          stretch_.high = time;
        }
        if (time < stretch_.low) stretch_.low = time;
      }
      any_ = true;
      previous_ = time;
      ++seen_;
    }
    ordered_.steps.add(kernels_, level_, kept, kept_count);
  }

  void finish() {
    if (any_) ordered_.gaps.add(stretch_);
  }

 private:
  bool picked(uint64_t row) const {
    const uint64_t mask = (1ull << level_) - 1;
    return (row & mask) == (mix_bits((row >> level_) + 1) >> 32 & mask);
  }

  const Kernels& kernels_;
  const int level_;
  InOrder& ordered_;
  uint64_t seen_ = 0;
  bool any_ = false;
  int128 previous_ = 0;
  Stretch stretch_{0, 0, 0};
};

}  // namespace dqm
