#include "sequence.h"

#include <algorithm>

namespace dqm {

void Sequence::add_block(const uint64_t* equal, int rows) {
  int at = 0;
  while (at < rows) {
    // Length of the stretch of equal bits that starts here, then the one value that breaks it.
    const int word = at / 64;
    const int shift = at % 64;
    const uint64_t unequal = ~equal[word] >> shift;
    const int stretch = std::min(unequal ? __builtin_ctzll(unequal) : 64, 64 - shift);
    const int taken = std::min(stretch, rows - at);
    if (taken > 0) {
      if (leading == count) leading += taken;
      count += taken;
      trailing += taken;
      longest = std::max(longest, trailing);
      at += taken;
      continue;
    }
    const uint64_t starts = ~equal[word] >> shift;
    const uint64_t repeats_ahead = ~starts;
    const int singles = std::min({repeats_ahead ? __builtin_ctzll(repeats_ahead) : 64, 64 - shift, rows - at});
    if (count == 0) leading = 1;
    count += singles;
    trailing = 1;
    longest = std::max<int64_t>(longest, 1);
    at += singles;
  }
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
    ++repeats;
  } else if (next.first > last) {
    ++rises;
  } else if (next.first < last) {
    ++falls;
  }
  const int64_t before = count;
  if (joined > 0 && leading == before) leading = joined;
  trailing = joined > 0 && next.trailing == next.count ? trailing + next.trailing : next.trailing;
  longest = std::max({longest, next.longest, joined});
  count += next.count;
  last = next.last;
  last_identity = next.last_identity;
  rises += next.rises;
  falls += next.falls;
  repeats += next.repeats;
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
  rises += other.rises;
  falls += other.falls;
  repeats += other.repeats;
  first = last = 0;
  first_identity = last_identity = 0;
  leading = trailing = 0;
  ends_known = false;
}

}  // namespace dqm
