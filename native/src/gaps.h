// The largest gap between times, kept so that batches may be merged in any order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sizes.h"

namespace dqm {

// A stretch of time in ticks and the largest step forward inside it.
struct Stretch {
  int128 low, high, gap;
};

// Disjoint stretches in order; what lies between two of them is a gap too, until a later batch fills it.
// Exact while rows are in order and at most kKept disjoint batches are merged; beyond that the two nearest
// stretches become one. Where batches overlap, the larger of their inner gaps stays: an upper bound.
class Gaps {
 public:
  static constexpr size_t kKept = 64;

  void add(Stretch stretch);
  void merge(const Gaps& other);
  int128 largest() const;
  const std::vector<Stretch>& stretches() const { return stretches_; }
  void load(std::vector<Stretch> stretches) { stretches_ = std::move(stretches); }

 private:
  std::vector<Stretch> stretches_;
};

}  // namespace dqm
