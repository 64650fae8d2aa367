// No exception leaves the C interface: a failure becomes a message and a value that says so.
#pragma once
#include <cstring>
#include <exception>
#include <new>

#include "dqm_kernel.h"

namespace dqm {

inline void report(dqm_error* error, const char* message) {
  if (error == nullptr) return;
  std::strncpy(error->message, message, sizeof error->message - 1);
  error->message[sizeof error->message - 1] = '\0';
}

// Runs `work`; a failure becomes a message and `failed`.
template <class Result, class Work>
Result guarded(dqm_error* error, Result failed, Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    report(error, "out of memory");
  } catch (const std::exception& problem) {
    report(error, problem.what());
  } catch (...) {
    report(error, "unknown failure inside the kernel");
  }
  return failed;
}

}  // namespace dqm
