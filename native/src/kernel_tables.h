// The tables that this build holds.
#pragma once
#include "kernels.h"

namespace dqm {

extern const Kernels kPortableKernels;

}  // namespace dqm
