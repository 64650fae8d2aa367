// Chooses the inner loops for the processor this runs on.
#include "kernels.h"

#include <atomic>
#include <cstring>

#include "kernel_tables.h"

namespace dqm {
namespace {

#if defined(__x86_64__)
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

const Kernels* best() { return has_avx512() ? &kAvx512Kernels : has_avx2() ? &kAvx2Kernels : &kPortableKernels; }

const Kernels* named(const char* name) {
  if (std::strcmp(name, "avx512") == 0 && has_avx512()) return &kAvx512Kernels;
  if (std::strcmp(name, "avx2") == 0 && has_avx2()) return &kAvx2Kernels;
  return nullptr;
}
#else
const Kernels* best() { return &kPortableKernels; }
const Kernels* named(const char*) { return nullptr; }
#endif

std::atomic<const Kernels*> chosen{nullptr};

}  // namespace

const Kernels& kernels() {
  const Kernels* table = chosen.load(std::memory_order_acquire);
  if (table == nullptr) {
    table = best();
    chosen.store(table, std::memory_order_release);
  }
  return *table;
}

bool force_kernels(const char* name) {
  const Kernels* table = named(name);
  if (std::strcmp(name, "best") == 0) table = best();
  if (std::strcmp(name, "portable") == 0) table = &kPortableKernels;
  if (table == nullptr) return false;
  chosen.store(table, std::memory_order_release);
  return true;
}

}  // namespace dqm
