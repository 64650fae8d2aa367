// The inner loops, one table per instruction set; every table gives the same bits for the same input.
#pragma once
#include <cstdint>

#include "hash.h"
#include "moments.h"
#include "sizes.h"

namespace dqm {

struct Kernels {
  const char* name;
  // Sums of finite values about `shift`, and how each compares with the value before it.
  void (*sums)(const double* values, int count, double shift, double previous, BlockSums* out);
  void (*hash)(const double* values, int count, uint64_t* hashes);
  // Bit i: hash of value i has none of the bits of `mask`.
  void (*hash_candidates)(const double* values, int count, uint64_t mask, uint64_t* bits);
  // Bit i: value i is below `low` or above `high`.
  void (*outside)(const double* values, int count, double low, double high, uint64_t* bits);
  // Bit i: value i equals the one before it.
  void (*repeats)(const double* values, int count, double previous, uint64_t* bits);
  // Values whose bit is set, in order; may write up to 8 past the end of `out`.
  int (*compact)(const double* values, const uint64_t* valid, int count, double* out);
  void (*widen_i64)(const int64_t* in, int count, double* out);
  void (*widen_i32)(const int32_t* in, int count, double* out);
  void (*widen_f32)(const float* in, int count, double* out);
  void (*sort)(double* values, int count);
};

// The best table this processor runs, chosen once.
const Kernels& kernels();
// Chooses a table by name ("portable", "avx2", "avx512"; "best"); false when it cannot run here.
bool force_kernels(const char* name);

}  // namespace dqm
