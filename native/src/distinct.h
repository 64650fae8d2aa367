// Number of distinct values: exact up to kSparseLimit hashes, then HyperLogLog.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels.h"

namespace dqm {

// 2^14 registers over 64-bit hashes, read with Ertl's improved raw estimator (arXiv:1702.01284, section 2.4):
// rms relative error 1.04 / sqrt(2^14) = 0.81 %. The state depends on the set of values alone, so merging
// is exactly associative, commutative and idempotent.
class DistinctSketch {
 public:
  static constexpr int kBits = 14;
  static constexpr int kRegisters = 1 << kBits;
  static constexpr int kMaxRank = 30;
  static constexpr size_t kSparseLimit = 1024;

  DistinctSketch() = default;
  DistinctSketch(const DistinctSketch& other);
  DistinctSketch(DistinctSketch&&) = default;
  DistinctSketch& operator=(const DistinctSketch& other) { return *this = DistinctSketch(other); }
  DistinctSketch& operator=(DistinctSketch&&) = default;
  ~DistinctSketch() = default;

  void add_hash(uint64_t hash);
  void add_hashes(const uint64_t* hashes, int count);
  void add_doubles(const Kernels& kernels, const double* values, int count);
  void merge(const DistinctSketch& other);

  bool exact() const { return dense_ == nullptr; }
  double estimate() const;
  std::vector<uint64_t> sorted_hashes() const;       // sparse only
  const uint8_t* registers() const { return dense_ ? dense_->rank : nullptr; }
  void load_registers(const uint8_t* ranks);

 private:
  struct Dense {
    uint8_t rank[kRegisters];
    int32_t histogram[kMaxRank + 1];
    int floor;            // the lowest rank of any register
    uint64_t floor_mask;  // a hash that has one of these bits cannot raise a register
  };

  void add_sparse(const uint64_t* hashes, int count);
  void add_dense(uint64_t hash);
  void raise_floor();
  void grow();
  void become_dense();

  std::vector<uint64_t> slots_;  // open addressing; 0 is an empty slot
  size_t used_ = 0;
  bool has_zero_ = false;        // the hash 0 itself
  std::unique_ptr<Dense> dense_;
};

}  // namespace dqm
