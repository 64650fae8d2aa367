// The tables that this build holds.
#pragma once
#include "kernels.h"

namespace dqm {

extern const Kernels kPortableKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif

}  // namespace dqm
