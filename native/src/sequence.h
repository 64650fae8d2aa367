// What depends on the order of rows: first and last value, direction, the longest repeat.
#pragma once
#include <cstdint>

namespace dqm {

// Nulls and NaN are left out: a sensor that repeats 5, null, 5 has repeated 5 twice.
// `identity` is what makes two values equal: a number's bits, or a text's hash.
struct Sequence {
  int64_t count = 0;
  double first = 0, last = 0;  // numbers only
  uint64_t first_identity = 0, last_identity = 0;
  int64_t leading = 0, trailing = 0, longest = 0;  // lengths of runs of equal values
  bool rises = false, falls = false, repeats = false;  // some value is above, below, equal to the one before
  bool ends_known = true;  // false after states of unknown order were merged

  // Counts a block in which no value equals the one before it.
  void add_block(int rows);
  // Counts a block: bit i of `equal` says that value i equals the value before it.
  void add_block(const uint64_t* equal, int rows);
  // The rows of `next` follow the rows of this.
  void append(const Sequence& next);
  // The rows of `other` came before, after or between: only what holds for every order survives.
  void merge(const Sequence& other);

 private:
  void add_stretches(uint64_t equal, int bits);
  void add_word(uint64_t equal);
};

}  // namespace dqm
