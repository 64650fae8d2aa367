#include "tails.h"

#include <algorithm>
#include <functional>

namespace dqm {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
}  // namespace

void Tail::shrink() {
  if (values_.size() <= kKept) return;
  const auto last = values_.begin() + static_cast<std::ptrdiff_t>(kKept - 1);
  std::nth_element(values_.begin(), last, values_.end(), std::greater<>());
  threshold_ = *last;
  values_.resize(kKept);
}

void Tail::merge(const Tail& other) {
  for (const double value : other.values_) add(value);
}

void Tail::load(std::vector<double> values) {
  values_ = std::move(values);
  if (values_.size() == kKept) threshold_ = values_.back();  // stored from the most extreme inwards
}

void Tails::add_low(const Kernels& kernels, const double* values, int count) {
  uint64_t outside[kBlockWords];
  kernels.outside(values, count, low.full() ? -low.threshold() : kInfinity, kInfinity, outside);
  for (int word = 0; word * 64 < count; ++word) {
    for (uint64_t bits = outside[word]; bits != 0; bits &= bits - 1) {
      low.add(-values[word * 64 + __builtin_ctzll(bits)]);
    }
  }
}

void Tails::add_high(const Kernels& kernels, const double* values, int count) {
  uint64_t outside[kBlockWords];
  kernels.outside(values, count, -kInfinity, high.full() ? high.threshold() : -kInfinity, outside);
  for (int word = 0; word * 64 < count; ++word) {
    for (uint64_t bits = outside[word]; bits != 0; bits &= bits - 1) {
      high.add(values[word * 64 + __builtin_ctzll(bits)]);
    }
  }
}

void Tails::merge(const Tails& other) {
  low.merge(other.low);
  high.merge(other.high);
}

void Tails::seal() {
  for (Tail* tail : {&low, &high}) {
    tail->shrink();
    std::vector<double> values = tail->values();
    std::sort(values.begin(), values.end(), std::greater<>());
    tail->load(std::move(values));
  }
}

}  // namespace dqm
