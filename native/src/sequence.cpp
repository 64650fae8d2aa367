#include "sequence.h"

#include <algorithm>

namespace dqm {

void Sequence::add_block(const uint64_t* equal, int rows) {
  for (int at = 0; at < rows; at += 64) {
    const int bits = std::min(64, rows - at);
    if (leading == count || bits < 64) {
      add_stretches(equal[at / 64], bits);
    } else {
      add_word(equal[at / 64]);
    }
  }
}

// Stretch by stretch of `bits` values, each of values that equal or do not equal the one before.
void Sequence::add_stretches(uint64_t equal, int bits) {
  for (int at = 0; at < bits;) {
    const uint64_t ahead = equal >> at;
    const int repeats_ahead = std::min(~ahead ? __builtin_ctzll(~ahead) : 64, bits - at);
    if (repeats_ahead > 0) {
      if (leading == count) leading += repeats_ahead;
      count += repeats_ahead;
      trailing += repeats_ahead;
      longest = std::max(longest, trailing);
      at += repeats_ahead;
      continue;
    }
    const int singles = std::min(ahead ? __builtin_ctzll(ahead) : 64, bits - at);
    if (count == 0) leading = 1;
    count += singles;
    trailing = 1;
    longest = std::max<int64_t>(longest, 1);
    at += singles;
  }
}

// The same of 64 values behind the first run, without a look at each stretch.
void Sequence::add_word(uint64_t equal) {
  count += 64;
  if (equal == ~0ull) {
    trailing += 64;
    longest = std::max(longest, trailing);
    return;
  }
  longest = std::max(longest, trailing + __builtin_ctzll(~equal));
  trailing = 1 + __builtin_clzll(~equal);
  longest = std::max(longest, trailing);
  uint64_t ends = equal;  // of stretches of at least so many repeats as the longest run has values
  for (int64_t i = 1; i < longest && ends != 0; ++i) ends &= ends << 1;
  for (; ends != 0; ends &= ends << 1) ++longest;
}

void Sequence::add_block(int rows) {
  if (rows == 0) return;
  if (count == 0) leading = 1;
  count += rows;
  trailing = 1;
  longest = std::max<int64_t>(longest, 1);
}

void Sequence::append(const Sequence& next) {
  if (next.count == 0) {
    ends_known = ends_known && next.ends_known;
    return;
  }
  if (count == 0) {
    const bool known = ends_known;
    *this = next;
    ends_known = known && next.ends_known;
    return;
  }
  int64_t joined = 0;
  if (last_identity == next.first_identity) {
    joined = trailing + next.leading;
    repeats = true;
  } else if (next.first > last) {
    rises = true;
  } else if (next.first < last) {
    falls = true;
  }
  const int64_t before = count;
  if (joined > 0 && leading == before) leading = joined;
  trailing = joined > 0 && next.trailing == next.count ? trailing + next.trailing : next.trailing;
  longest = std::max({longest, next.longest, joined});
  count += next.count;
  last = next.last;
  last_identity = next.last_identity;
  rises |= next.rises;
  falls |= next.falls;
  repeats |= next.repeats;
  ends_known = ends_known && next.ends_known;
}

void Sequence::merge(const Sequence& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  count += other.count;
  longest = std::max(longest, other.longest);
  rises |= other.rises;
  falls |= other.falls;
  repeats |= other.repeats;
  first = last = 0;
  first_identity = last_identity = 0;
  leading = trailing = 0;
  ends_known = false;
}

}  // namespace dqm
