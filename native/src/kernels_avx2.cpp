// The inner loops for x86-64 processors with AVX2; only called when the processor has it.
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "csv_decimal.h"
#include "kernel_tables.h"

// Everything below is compiled for that instruction set; headers stay above, so that none of their inline
// functions can leak such instructions into the rest of the program.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif

namespace dqm {
namespace avx2 {

#include "lanes_avx2.h"
#include "kernels_body.inc"
#include "sort_body.inc"
#include "decimals_x86.inc"

}  // namespace avx2

const Kernels kAvx2Kernels = {
    "avx2", avx2::sums, avx2::signs, avx2::directions, avx2::hash, avx2::hash_candidates, avx2::outside,
    avx2::repeats, avx2::compact, avx2::widen_i64, avx2::widen_i32, avx2::widen_f32,
    avx2::sort, avx2::text_words, avx2::text_hashes, avx2::text_order, avx2::equal_words, avx2::is_ascii,
    avx2::csv_index, avx2::decimals_singly, avx2::filled, avx2::signed_decimals, avx2::scale_decimals,
};

}  // namespace dqm

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
