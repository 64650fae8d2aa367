// Vectors of doubles as bytes (the machine is little-endian): written at memory speed, read without trust.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "errors.h"

namespace dqm {

class NumberWriter {
 public:
  void put(double number) { put_raw(&number, 1); }
  void put(std::initializer_list<double> numbers) {
    for (const double number : numbers) put(number);
  }
  void put(const std::vector<double>& numbers) {
    put(static_cast<double>(numbers.size()));
    put_raw(numbers.data(), numbers.size());
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  void put_raw(const double* numbers, size_t count) {
    const auto* from = reinterpret_cast<const uint8_t*>(numbers);
    bytes_.insert(bytes_.end(), from, from + count * sizeof(double));
  }
  std::vector<uint8_t> bytes_;
};

class NumberReader {
 public:
  NumberReader(const uint8_t* bytes, size_t size) : at_(bytes), end_(bytes + size) {}
  double get() {
    double number;
    take(&number, 1);
    return number;
  }
  // A whole number of at least 0 and at most `most`.
  size_t get_count(size_t most) {
    const double count = get();
    if (!(count >= 0.0) || count > static_cast<double>(most) || count != std::floor(count)) {
      throw Error("the state is corrupt: a count is out of range");
    }
    return static_cast<size_t>(count);
  }
  std::vector<double> get_all() {
    std::vector<double> numbers(get_count(left()));
    take(numbers.data(), numbers.size());
    return numbers;
  }
  // The same, and none of them is NaN or infinite.
  std::vector<double> get_finite() {
    std::vector<double> numbers = get_all();
    for (const double number : numbers) {
      if (!std::isfinite(number)) throw Error("the state is corrupt: a number is not finite");
    }
    return numbers;
  }
  bool done() const { return at_ == end_; }

 private:
  size_t left() const { return static_cast<size_t>(end_ - at_) / sizeof(double); }
  void take(double* out, size_t count) {
    if (left() < count) throw Error("the state is corrupt: it ends too early");
    if (count > 0) std::memcpy(out, at_, count * sizeof(double));
    at_ += count * sizeof(double);
  }
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace dqm
