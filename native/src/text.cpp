#include "text.h"

#include <algorithm>
#include <cmath>

namespace dqm {

void TextTotals::add_order(std::string_view value) {
  value = value.substr(0, kKeptBytes);
  if (!any) {
    first = last = value;
    any = true;
  } else if (value < first) {
    first = value;
  } else if (value > last) {
    last = value;
  }
}

void TextTotals::merge(const TextTotals& other) {
  count += other.count;
  length_sum += other.length_sum;
  length_squares += other.length_squares;
  shortest = std::min(shortest, other.shortest);
  longest = std::max(longest, other.longest);
  empty += other.empty;
  blank += other.blank;
  if (other.any) {
    add_order(other.first);
    add_order(other.last);
  }
}

double TextTotals::mean_length() const {
  return count ? static_cast<double>(length_sum) / static_cast<double>(count)
               : std::numeric_limits<double>::quiet_NaN();
}

double TextTotals::stddev_length() const {
  if (count < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<unsigned __int128>(count);
  // n * sum of squares - (sum)^2 is exact in integers and never negative.
  const unsigned __int128 square = static_cast<unsigned __int128>(length_sum) * length_sum;
  const unsigned __int128 spread = length_squares * n - square;
  return std::sqrt(static_cast<double>(spread) / static_cast<double>(count) / static_cast<double>(count - 1));
}

bool is_blank(const char* text, int64_t bytes) {
  return std::all_of(text, text + bytes,
                     [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

uint64_t count_characters(const char* text, int64_t bytes) {
  uint64_t characters = 0;
  for (int64_t i = 0; i < bytes; ++i) characters += (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
  return characters;
}

}  // namespace dqm
