// Hashes of values: the same value has the same hash in every column type that can hold it.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "sizes.h"

namespace dqm {

constexpr uint64_t kMixA = 0xBF58476D1CE4E5B9ull;
constexpr uint64_t kMixB = 0x94D049BB133111EBull;

// Two rounds of xor-shift and multiply. The SIMD kernels repeat exactly this.
inline uint64_t mix_bits(uint64_t h) {
  h ^= h >> 32;
  h *= kMixA;
  h ^= h >> 32;
  return h * kMixB;
}

inline uint64_t hash_double(double value) {
  value += 0.0;  // -0.0 and 0.0 are one value
  uint64_t bits;
  std::memcpy(&bits, &value, 8);
  return mix_bits(bits);
}

// Integers that a double holds hash like that double, others by their own 128 bits.
inline uint64_t hash_integer(int128 value) {
  if (value <= static_cast<int128>(kExactLimit) && value >= -static_cast<int128>(kExactLimit)) {
    return hash_double(static_cast<double>(static_cast<int64_t>(value)));
  }
  const auto low = static_cast<uint64_t>(value);
  const auto high = static_cast<uint64_t>(value >> 64);
  return mix_bits(low ^ mix_bits(high + kMixA));
}

inline uint64_t load_word(const char* p, int64_t bytes) {
  uint64_t word = 0;
  std::memcpy(&word, p, static_cast<size_t>(bytes));
  return word;
}

inline uint64_t rotate32(uint64_t x) { return (x >> 32) | (x << 32); }

// The last step of a string's hash, from its (up to) 16 last bytes as two little-endian words.
inline uint64_t hash_words(uint64_t low, uint64_t high, uint64_t length) {
  return mix_bits((low * kMixA) ^ rotate32(high * kMixB) ^ (length * 0x9E3779B97F4A7C15ull));
}

inline uint64_t hash_long_text(const char* p, int64_t length) {
  uint64_t state = 0x243F6A8885A308D3ull;
  int64_t left = length;
  for (; left > 16; left -= 16, p += 16) {
    const unsigned __int128 product =
        static_cast<unsigned __int128>(load_word(p, 8) ^ state) * (load_word(p + 8, 8) ^ kMixA);
    state = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  const uint64_t low = load_word(p, left < 8 ? left : 8);
  const uint64_t high = left > 8 ? load_word(p + 8, left - 8) : 0;
  return hash_words(low ^ state, high, static_cast<uint64_t>(length));
}

inline uint64_t hash_text(const char* p, int64_t length) {
  if (length > 16) return hash_long_text(p, length);
  const uint64_t low = load_word(p, length < 8 ? length : 8);
  const uint64_t high = length > 8 ? load_word(p + 8, length - 8) : 0;
  return hash_words(low, high, static_cast<uint64_t>(length));
}

}  // namespace dqm
