// Exact minimum, maximum and sum of integers, decimals and times, in ticks.
#pragma once
#include <cstdint>
#include <string>

#include "sizes.h"

namespace dqm {

struct ExactTotals {
  bool known = true;      // every value so far was an integer number of ticks
  bool sum_known = true;  // the sum fits in 128 bits
  bool any = false;
  int128 minimum = 0, maximum = 0, sum = 0;

  void add(int128 low, int128 high, int128 total);
  void merge(const ExactTotals& other);
};

// Decimal digits of ticks with `decimals` behind the point.
std::string decimal_text(int128 ticks, int decimals);

}  // namespace dqm
