// The inner loops for x86-64 processors with AVX512; only called when the processor has it.
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "csv_decimal.h"
#include "kernel_tables.h"

// Everything below is compiled for that instruction set; headers stay above, so that none of their inline
// functions can leak such instructions into the rest of the program.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,bmi,bmi2,lzcnt,popcnt,prefer-vector-width=512")
#endif

namespace dqm {
namespace avx512 {

#include "lanes_avx512.h"
#include "kernels_body.inc"
#include "sort_body.inc"
#include "decimals_x86.inc"
#include "decimals_avx512.inc"

}  // namespace avx512

const Kernels kAvx512Kernels = {
    "avx512", avx512::sums, avx512::signs, avx512::directions, avx512::hash, avx512::hash_candidates, avx512::outside,
    avx512::repeats, avx512::compact, avx512::widen_i64, avx512::widen_i32, avx512::widen_f32,
    avx512::sort, avx512::text_words, avx512::text_hashes, avx512::text_order, avx512::equal_words, avx512::is_ascii,
    avx512::csv_index, avx512::decimals, avx512::filled, avx512::signed_decimals, avx512::scale_decimals,
};

}  // namespace dqm

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
