// Length statistics and the first and last value in byte order of a text column.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace dqm {

// Lengths in characters for text, in bytes for binary. All of it exact and independent of order.
struct TextTotals {
  static constexpr size_t kKeptBytes = 256;  // of the first and last value

  int64_t count = 0;
  uint64_t length_sum = 0;
  unsigned __int128 length_squares = 0;
  uint64_t shortest = std::numeric_limits<uint64_t>::max();
  uint64_t longest = 0;
  int64_t empty = 0;  // no bytes at all
  int64_t blank = 0;  // nothing but white space, empty included
  bool any = false;
  std::string first, last;  // in byte order, cut to kKeptBytes

  void add_length(uint64_t length) {
    ++count;
    length_sum += length;
    length_squares += static_cast<unsigned __int128>(length) * length;
    if (length < shortest) shortest = length;
    if (length > longest) longest = length;
  }
  void add_order(std::string_view value);
  void merge(const TextTotals& other);
  double mean_length() const;
  double stddev_length() const;
};

bool is_blank(const char* text, int64_t bytes);
uint64_t count_characters(const char* text, int64_t bytes);

}  // namespace dqm
