// The inner loops in generic vectors, for any processor.
#include <algorithm>
#include <cstring>

#include "kernel_tables.h"

namespace dqm {
namespace portable {

#include "lanes_portable.h"
#include "kernels_body.inc"

void sort(double* values, int count) { std::sort(values, values + count); }

}  // namespace portable

const Kernels kPortableKernels = {
    "portable", portable::sums, portable::hash, portable::hash_candidates, portable::outside,
    portable::repeats, portable::compact, portable::widen_i64, portable::widen_i32, portable::widen_f32,
    portable::sort,
};

}  // namespace dqm
