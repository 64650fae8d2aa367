// Lets numbered pieces of work through in the order of their numbers, whichever threads do them.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>

namespace dqm {

class Turnstile {
 public:
  // Waits until all pieces before this one have left; false when one of them never will.
  bool enter(int64_t number) {
    std::unique_lock<std::mutex> guard(lock_);
    moved_.wait(guard, [&] { return next_ == number || number > broken_; });
    return number <= broken_;
  }
  void leave() {
    {
      const std::lock_guard<std::mutex> guard(lock_);
      ++next_;
    }
    moved_.notify_all();
  }
  // This piece will never leave: none behind it may enter.
  void break_at(int64_t number) {
    {
      const std::lock_guard<std::mutex> guard(lock_);
      if (number < broken_) broken_ = number;
    }
    moved_.notify_all();
  }

 private:
  std::mutex lock_;
  std::condition_variable moved_;
  int64_t next_ = 0;
  int64_t broken_ = std::numeric_limits<int64_t>::max();
};

}  // namespace dqm
