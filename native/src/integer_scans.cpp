// Scans of integer columns. Both run at about the speed of memory.
#include "dqm_integers.h"

namespace {

constexpr int64_t kBlock = 1024;
// The processor itself looks ahead to the end of a page only.
constexpr int64_t kAhead = 1024, kLine = 8;

// Whole multiples without a division (Warren, Hacker's Delight, 2nd ed., 10-17): a multiple of step = odd * 2^shift,
// times the inverse of odd modulo 2^64, is the quotient, and only multiples give a quotient that is small enough.
struct Multiple {
  explicit Multiple(uint64_t step) {
    while ((step & 1) == 0) {
      step >>= 1;
      ++shift;
    }
    inverse = step;  // right in its lowest three bits; each round doubles them
    for (int round = 0; round < 5; ++round) inverse *= 2 - step * inverse;
    if (step > 1) {
      bias = (0x7FFFFFFFFFFFFFFFu / step) & ~((1ull << shift) - 1);
      limit = (bias >> shift) * 2;
    } else {  // a power of two, of which the smallest number is a multiple too
      limit = ~0ull >> shift;
    }
  }

  bool holds(int64_t value) const {
    const uint64_t quotient = static_cast<uint64_t>(value) * inverse + bias;
    return ((quotient >> shift) | (quotient << ((64 - shift) & 63))) <= limit;  // turned right by `shift`
  }

  uint8_t byte_of_others(const int64_t *values, int64_t count) const {
    unsigned byte = 0;
    for (int64_t i = 0; i < count; ++i) byte |= static_cast<unsigned>(!holds(values[i])) << i;
    return static_cast<uint8_t>(byte);
  }

  uint64_t inverse = 0, bias = 0, limit = 0;
  int shift = 0;
};

}  // namespace

extern "C" {

DQM_INTEGERS_API void dqm_no_multiples(const int64_t *values, int64_t rows, int64_t step, uint8_t *bits) {
  const Multiple multiple(static_cast<uint64_t>(step));
  int64_t row = 0;
  for (; row + 8 <= rows; row += 8) {
    __builtin_prefetch(values + row + kAhead);
    bits[row >> 3] = multiple.byte_of_others(values + row, 8);
  }
  if (row < rows) bits[row >> 3] = multiple.byte_of_others(values + row, rows - row);
}

DQM_INTEGERS_API int64_t dqm_repeats_in_order(const int64_t *values, int64_t rows, int64_t previous, int64_t *places,
                                              int32_t most, int32_t *found) {
  int64_t total = 0;
  *found = 0;
  for (int64_t start = 0; start < rows; start += kBlock) {
    const int64_t end = start + kBlock < rows ? start + kBlock : rows;
    for (int64_t row = start; row < end; row += kLine) __builtin_prefetch(values + row + kAhead);
    int64_t same = values[start] == previous, falls = values[start] < previous;
    for (int64_t row = start + 1; row < end; ++row) {
      same += values[row] == values[row - 1];
      falls |= values[row] < values[row - 1];
    }
    if (falls) return -1;
    for (int64_t row = start; row < end && same > 0 && *found < most; ++row) {
      if (values[row] == (row == start ? previous : values[row - 1])) places[(*found)++] = row;
    }
    total += same;
    previous = values[end - 1];
  }
  return total;
}

}  // extern "C"
