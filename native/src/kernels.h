// The inner loops, one table per instruction set; every table gives the same bits for the same input.
#pragma once
#include <cstdint>

#include "hash.h"
#include "moments.h"
#include "sizes.h"

namespace dqm {

// The leading bytes of the first and the last text, as big-endian words, and their hashes.
struct TextBounds {
  uint64_t first_low, first_high, last_low, last_high, first_hash, last_hash;
};

struct Kernels {
  const char* name;
  // Sums of finite values about `shift`, and whether any equals the value before it.
  void (*sums)(const double* values, int count, double shift, double previous, BlockSums* out);
  // How many are zero, and how many below.
  void (*signs)(const double* values, int count, int64_t& zeros, int64_t& negatives);
  // Whether any value is above, and any below, the one before it.
  void (*directions)(const double* values, int count, double previous, bool& rises, bool& falls);
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
  // First and second eight bytes of each text, zero behind its end; 16 bytes must be readable at each.
  void (*text_words)(const char* const* texts, const uint64_t* lengths, int count, uint64_t* low, uint64_t* high);
  // Hashes of texts of up to 16 bytes from their words.
  void (*text_hashes)(const uint64_t* low, const uint64_t* high, const uint64_t* lengths, int count,
                      uint64_t* hashes);
  // Which texts may come before the first or after the last, by their 16 leading bytes; false when none.
  bool (*text_order)(const uint64_t* low, const uint64_t* high, const uint64_t* hashes, int count,
                     const TextBounds& bounds, uint8_t* candidates);
  // Bit i: word i equals the one before it; false when none does. `bits` must hold a multiple of 64.
  bool (*equal_words)(const uint64_t* words, int count, uint64_t previous, uint64_t* bits);
  bool (*is_ascii)(const char* bytes, int64_t count);
  // Positions of delimiters and line ends outside quotes, of which a CSV text starts outside; `lines` and
  // `quotes` count what was met. `text` must be readable, and `positions` writable, up to 64 past the end.
  int64_t (*csv_index)(const char* text, int64_t count, char delimiter, uint32_t* positions, int64_t& lines,
                       int64_t& quotes);
  // Shapes (csv_decimal.h) and digits of CSV fields: field i lies between separators[i * stride] and the next
  // entry, both positions in `text`. 16 bytes must be readable from each field's second one on.
  void (*decimals)(const char* text, const uint32_t* separators, size_t stride, int count, uint64_t* numbers,
                   uint8_t* shapes);
  // All shapes or-ed. Bit i of `filled`: field i is not empty; shapes must be readable up to a multiple of 64.
  uint8_t (*filled)(const uint8_t* shapes, int count, uint64_t* filled);
  void (*signed_decimals)(const uint64_t* numbers, const uint8_t* shapes, int count, int64_t* out);
  // All numbers or-ed; those above 2^53 are not correctly rounded.
  uint64_t (*scale_decimals)(const uint64_t* numbers, const uint8_t* shapes, int count, double* out);
};

// The best table this processor runs, chosen once.
const Kernels& kernels();
// Chooses a table by name ("portable", "avx2", "avx512"; "best"); false when it cannot run here.
bool force_kernels(const char* name);

}  // namespace dqm
