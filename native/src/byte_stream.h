// Little-endian bytes: written without surprises, read without trust.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "errors.h"
#include "sizes.h"

namespace dqm {

class ByteWriter {
 public:
  template <class Integer>
  void put(Integer value) {
    using Unsigned = typename std::conditional<sizeof(Integer) == 16, unsigned __int128, uint64_t>::type;
    auto rest = static_cast<Unsigned>(value);
    for (size_t i = 0; i < sizeof(Integer); ++i) {
      bytes_.push_back(static_cast<uint8_t>(rest));
      rest >>= 8;
    }
  }
  void put(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    put(bits);
  }
  void put_varint(uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_.push_back(static_cast<uint8_t>(value | 128));
    bytes_.push_back(static_cast<uint8_t>(value));
  }
  void put_text(const std::string& text) {
    put_varint(text.size());
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  void put_bytes(const std::vector<uint8_t>& bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

// Every read past the end throws Error.
class ByteReader {
 public:
  ByteReader(const uint8_t* bytes, size_t size) : at_(bytes), end_(bytes + size) {}

  template <class Integer>
  Integer get() {
    using Unsigned = typename std::conditional<sizeof(Integer) == 16, unsigned __int128, uint64_t>::type;
    need(sizeof(Integer));
    Unsigned value = 0;
    for (size_t i = 0; i < sizeof(Integer); ++i) value |= static_cast<Unsigned>(at_[i]) << (8 * i);
    at_ += sizeof(Integer);
    return static_cast<Integer>(value);
  }
  double get_double() {
    const auto bits = get<uint64_t>();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  uint64_t get_varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const auto byte = get<uint8_t>();
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw Error("the state is corrupt: a number in it is too long");
  }
  // A count that may not exceed `most`.
  size_t get_count(size_t most) {
    const uint64_t count = get_varint();
    if (count > most) throw Error("the state is corrupt: it claims more entries than a state can have");
    return static_cast<size_t>(count);
  }
  std::string get_text(size_t most) {
    const size_t size = get_count(most);
    need(size);
    const std::string text(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    return text;
  }
  ByteReader get_part(size_t size) {
    need(size);
    const ByteReader part(at_, size);
    at_ += size;
    return part;
  }
  bool done() const { return at_ == end_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  const uint8_t* position() const { return at_; }

 private:
  void need(size_t bytes) const {
    if (left() < bytes) throw Error("the state is corrupt: it ends too early");
  }
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace dqm
