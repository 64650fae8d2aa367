// The inner loops in generic vectors, for any processor.
#include <algorithm>
#include <cstring>

#include "csv_decimal.h"
#include "kernel_tables.h"

namespace dqm {
namespace portable {

#include "lanes_portable.h"
#include "kernels_body.inc"
#include "sort_body.inc"
#include "decimals_portable.inc"

}  // namespace portable

const Kernels kPortableKernels = {
    "portable", portable::sums, portable::signs, portable::directions, portable::hash, portable::hash_candidates, portable::outside,
    portable::repeats, portable::compact, portable::widen_i64, portable::widen_i32, portable::widen_f32,
    portable::sort, portable::text_words, portable::text_hashes, portable::text_order, portable::equal_words, portable::is_ascii,
    portable::csv_index, portable::decimals, portable::filled, portable::signed_decimals, portable::scale_decimals,
};

}  // namespace dqm
