// Short decimal numbers of CSV fields: the part of parsing that the inner loops do.
#pragma once
#include <cstdint>
#include <cstring>

namespace dqm {

// What a field of up to 16 characters behind an optional minus sign is; digits behind its point in the low bits.
enum : uint8_t {
  kShapeDecimals = 0x0F,
  kShapeNegative = 0x10,
  kShapePoint = 0x20,
  kShapeEmpty = 0x40,
  kShapeOdd = 0x80,  // not digits with at most one point, or too long: to be read with more care
};

constexpr double kDecimalPowers[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

inline uint64_t eight_digits(uint64_t word) {
  word = (word & 0x0F0F0F0F0F0F0F0Full) * 2561 >> 8;
  word = (word & 0x00FF00FF00FF00FFull) * 6553601 >> 16;
  return (word & 0x0000FFFF0000FFFFull) * 42949672960001ull >> 32;
}

// The top bit of every byte that is no digit, of bytes already xor-ed with '0'.
inline uint64_t not_digits(uint64_t word) {
  return (((word & 0x7F7F7F7F7F7F7F7Full) + 0x7676767676767676ull) | word) & 0x8080808080808080ull;
}

// The field's shape, and its digits as a number; 16 bytes must be readable from `begin` on. Without a loop:
// the characters are moved to the upper end of 16 bytes, and what stands before the point one byte up.
inline uint8_t read_decimal(const char* begin, const char* end, uint64_t& number) {
  using Wide = unsigned __int128;
  constexpr uint64_t kZeros = 0x3030303030303030ull;
  constexpr unsigned kPoint = '.' ^ '0';
  number = 0;
  if (begin == end) return kShapeEmpty;
  uint8_t shape = *begin == '-' ? kShapeNegative : 0;
  begin += *begin == '-';
  const int64_t length = end - begin;
  if (length < 1 || length > 16) return kShapeOdd;
  uint64_t low;
  uint64_t high;
  std::memcpy(&low, begin, 8);
  std::memcpy(&high, begin + 8, 8);
  Wide text = static_cast<Wide>(high ^ kZeros) << 64 | (low ^ kZeros);
  text <<= 8 * (16 - length);
  const uint64_t odd_low = not_digits(static_cast<uint64_t>(text));
  const uint64_t odd_high = not_digits(static_cast<uint64_t>(text >> 64));
  if ((odd_low | odd_high) != 0) {
    const int bit = odd_low ? __builtin_ctzll(odd_low) - 7 : 64 + __builtin_ctzll(odd_high) - 7;
    const bool one = odd_low ? (odd_low & (odd_low - 1)) == 0 && odd_high == 0 : (odd_high & (odd_high - 1)) == 0;
    if (!one || static_cast<uint8_t>(text >> bit) != kPoint || length == 1) return kShapeOdd;
    const Wide before = text & ((static_cast<Wide>(1) << bit) - 1);
    text = (text >> bit >> 8 << bit << 8) | before << 8;
    shape |= static_cast<uint8_t>(kShapePoint | (15 - bit / 8));
  }
  number = eight_digits(static_cast<uint64_t>(text)) * 100000000 + eight_digits(static_cast<uint64_t>(text >> 64));
  return shape;
}

}  // namespace dqm
