// Chooses the inner loops for the processor this runs on.
#include "kernels.h"

#include <atomic>
#include <cstring>

#include "kernel_tables.h"

namespace dqm {
namespace {

const Kernels* best() { return &kPortableKernels; }

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
  const Kernels* table = nullptr;
  if (std::strcmp(name, "best") == 0) table = best();
  if (std::strcmp(name, "portable") == 0) table = &kPortableKernels;
  if (table == nullptr) return false;
  chosen.store(table, std::memory_order_release);
  return true;
}

}  // namespace dqm
