// Runs numbered tasks on a few threads; which thread runs which task never matters to a result.
#pragma once
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace dqm {

// Calls run(task, thread) for every task; the first exception is thrown again once all threads are done.
template <class Run>
void for_each_task(size_t tasks, int threads, Run run) {
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_lock;
  const auto work = [&](int thread) {
    try {
      for (size_t task = next++; task < tasks; task = next++) run(task, thread);
    } catch (...) {
      const std::lock_guard<std::mutex> guard(failure_lock);
      if (!failure) failure = std::current_exception();
      next = tasks;
    }
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads && static_cast<size_t>(thread) < tasks; ++thread) {
    others.emplace_back(work, thread);
  }
  work(0);
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace dqm
