#include "gaps.h"

#include <algorithm>

namespace dqm {

void Gaps::add(Stretch stretch) {
  auto at = std::lower_bound(stretches_.begin(), stretches_.end(), stretch.low,
                             [](const Stretch& s, int128 low) { return s.high < low; });
  auto end = at;
  while (end != stretches_.end() && end->low <= stretch.high) {  // everything it touches becomes one
    stretch = {std::min(stretch.low, end->low), std::max(stretch.high, end->high),
               std::max(stretch.gap, end->gap)};
    ++end;
  }
  at = stretches_.erase(at, end);
  stretches_.insert(at, stretch);
  if (stretches_.size() <= kKept) return;
  size_t nearest = 1;
  for (size_t i = 2; i < stretches_.size(); ++i) {
    if (stretches_[i].low - stretches_[i - 1].high < stretches_[nearest].low - stretches_[nearest - 1].high) {
      nearest = i;
    }
  }
  Stretch& left = stretches_[nearest - 1];
  const Stretch& right = stretches_[nearest];
  left = {left.low, right.high, std::max({left.gap, right.gap, right.low - left.high})};
  stretches_.erase(stretches_.begin() + static_cast<std::ptrdiff_t>(nearest));
}

void Gaps::merge(const Gaps& other) {
  for (const Stretch& stretch : other.stretches_) add(stretch);
}

int128 Gaps::largest() const {
  int128 largest = 0;
  for (size_t i = 0; i < stretches_.size(); ++i) {
    largest = std::max(largest, stretches_[i].gap);
    if (i > 0) largest = std::max(largest, stretches_[i].low - stretches_[i - 1].high);
  }
  return largest;
}

}  // namespace dqm
