#include "distinct.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace dqm {
namespace {

constexpr uint32_t register_of(uint64_t hash) { return (hash >> 20) & (DistinctSketch::kRegisters - 1); }

inline int rank_of(uint64_t hash) {
  return __builtin_clzll(hash | (1ull << 34)) + 1;  // of the upper 30 bits: 1 to 30
}

// Open addressing stays at most half full.
size_t slots_for(size_t hashes) {
  size_t slots = 64;
  while (slots < 2 * hashes) slots *= 2;
  return slots;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double z = 1 - x;
  double before;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1;
  double z = x;
  double before;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

}  // namespace

DistinctSketch::DistinctSketch(const DistinctSketch& other)
    : slots_(other.slots_),
      used_(other.used_),
      has_zero_(other.has_zero_),
      dense_(other.dense_ ? std::make_unique<Dense>(*other.dense_) : nullptr) {}

void DistinctSketch::grow() {
  std::vector<uint64_t> old(slots_.empty() ? 64 : slots_.size() * 2, 0);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const uint64_t hash : old) {
    if (hash == 0) continue;
    size_t at = hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = hash;
  }
}

void DistinctSketch::become_dense() {
  auto dense = std::make_unique<Dense>();
  std::memset(dense->rank, 0, sizeof dense->rank);
  std::memset(dense->histogram, 0, sizeof dense->histogram);
  dense->histogram[0] = kRegisters;
  dense->floor = 0;
  dense->floor_mask = 0;
  dense_ = std::move(dense);
  for (const uint64_t hash : slots_) {
    if (hash != 0) add_dense(hash);
  }
  if (has_zero_) add_dense(0);
  slots_ = {};
  used_ = 0;
  has_zero_ = false;
}

void DistinctSketch::add_dense(uint64_t hash) {
  const uint32_t at = register_of(hash);
  const int rank = rank_of(hash);
  const int old = dense_->rank[at];
  if (rank <= old) return;
  dense_->rank[at] = static_cast<uint8_t>(rank);
  --dense_->histogram[old];
  ++dense_->histogram[rank];
  if (dense_->histogram[dense_->floor] == 0) raise_floor();
}

void DistinctSketch::raise_floor() {
  while (dense_->histogram[dense_->floor] == 0) ++dense_->floor;
  dense_->floor_mask = ~(~0ull >> dense_->floor);
}

void DistinctSketch::add_hash(uint64_t hash) {
  if (dense_) {
    add_dense(hash);
    return;
  }
  if (hash == 0) {
    has_zero_ = true;
    return;
  }
  if (slots_.empty()) grow();
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at] != 0) {
    if (slots_[at] == hash) return;
    at = (at + 1) & mask;
  }
  slots_[at] = hash;
  ++used_;
  if (used_ + (has_zero_ ? 1 : 0) > kSparseLimit) {
    become_dense();
  } else if (used_ * 2 > slots_.size()) {
    grow();
  }
}

// There is room for all of them.
void DistinctSketch::add_sparse(const uint64_t* hashes, int count) {
  uint64_t* const slots = slots_.data();
  const size_t mask = slots_.size() - 1;
  size_t added = 0;
  for (int i = 0; i < count; ++i) {
    const uint64_t hash = hashes[i];
    size_t at = hash & mask;
    while (slots[at] != 0 && slots[at] != hash) at = (at + 1) & mask;
    added += slots[at] == 0 && hash != 0;
    has_zero_ |= hash == 0;
    slots[at] = hash;
  }
  used_ += added;
}

void DistinctSketch::add_hashes(const uint64_t* hashes, int count) {
  if (!dense_ && slots_.empty()) slots_.assign(slots_for(static_cast<size_t>(count)), 0);
  if (!dense_ && 2 * (used_ + static_cast<size_t>(count)) <= slots_.size() && used_ + static_cast<size_t>(count) < kSparseLimit) {
    add_sparse(hashes, count);
    return;
  }
  int i = 0;
  for (; !dense_ && i < count; ++i) {
    if (slots_[hashes[i] & (slots_.size() - 1)] != hashes[i] || hashes[i] == 0) add_hash(hashes[i]);
  }
  for (; i < count; ++i) {
    if (rank_of(hashes[i]) > dense_->rank[register_of(hashes[i])]) add_dense(hashes[i]);
  }
}

void DistinctSketch::add_doubles(const Kernels& kernels, const double* values, int count) {
  if (dense_ && dense_->floor >= 2) {  // few hashes can matter: look at all at once
    uint64_t candidates[kBlockWords];
    kernels.hash_candidates(values, count, dense_->floor_mask, candidates);
    for (int word = 0; word * 64 < count; ++word) {
      for (uint64_t bits = candidates[word]; bits != 0; bits &= bits - 1) {
        add_dense(hash_double(values[word * 64 + __builtin_ctzll(bits)]));
      }
    }
    return;
  }
  uint64_t hashes[kBlockRows];
  kernels.hash(values, count, hashes);
  add_hashes(hashes, count);
}

void DistinctSketch::merge(const DistinctSketch& other) {
  if (other.dense_) {
    if (!dense_) become_dense();
    for (int i = 0; i < kRegisters; ++i) {
      const int rank = other.dense_->rank[i];
      const int old = dense_->rank[i];
      if (rank <= old) continue;
      dense_->rank[i] = static_cast<uint8_t>(rank);
      --dense_->histogram[old];
      ++dense_->histogram[rank];
    }
    raise_floor();
    return;
  }
  for (const uint64_t hash : other.slots_) {
    if (hash != 0) add_hash(hash);
  }
  if (other.has_zero_) add_hash(0);
  if (!dense_ && used_ + (has_zero_ ? 1 : 0) > kSparseLimit) become_dense();
}

double DistinctSketch::estimate() const {
  if (!dense_) return static_cast<double>(used_ + (has_zero_ ? 1 : 0));
  constexpr double m = kRegisters;
  double z = m * tau(1 - dense_->histogram[kMaxRank] / m);
  for (int rank = kMaxRank - 1; rank >= 1; --rank) z = 0.5 * (z + dense_->histogram[rank]);
  z += m * sigma(dense_->histogram[0] / m);
  constexpr double alpha = 0.72134752044448170368;  // 1 / (2 ln 2)
  return alpha * m * m / z;
}

std::vector<uint64_t> DistinctSketch::sorted_hashes() const {
  std::vector<uint64_t> hashes;
  if (has_zero_) hashes.push_back(0);
  std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(hashes), [](uint64_t h) { return h != 0; });
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

void DistinctSketch::load_registers(const uint8_t* ranks) {
  become_dense();
  std::memcpy(dense_->rank, ranks, kRegisters);
  std::memset(dense_->histogram, 0, sizeof dense_->histogram);
  for (int i = 0; i < kRegisters; ++i) ++dense_->histogram[ranks[i]];
  dense_->floor = 0;
  raise_floor();
}

}  // namespace dqm
