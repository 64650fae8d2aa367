#include "exact.h"

#include <algorithm>

namespace dqm {

void ExactTotals::add(int128 low, int128 high, int128 total) {
  minimum = any ? std::min(minimum, low) : low;
  maximum = any ? std::max(maximum, high) : high;
  any = true;
  if (__builtin_add_overflow(sum, total, &sum)) sum_known = false;
  if (!sum_known) sum = 0;
}

void ExactTotals::merge(const ExactTotals& other) {
  known = known && other.known;
  sum_known = sum_known && other.sum_known;
  if (other.any) add(other.minimum, other.maximum, other.sum);
}

std::string decimal_text(int128 ticks, int decimals) {
  const bool negative = ticks < 0;
  auto rest = negative ? -static_cast<unsigned __int128>(ticks) : static_cast<unsigned __int128>(ticks);
  std::string digits;
  while (rest != 0) {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  while (static_cast<int>(digits.size()) <= decimals) digits.push_back('0');
  std::reverse(digits.begin(), digits.end());
  if (decimals > 0) digits.insert(digits.size() - static_cast<size_t>(decimals), ".");
  if (decimals < 0 && ticks != 0) digits.append(static_cast<size_t>(-decimals), '0');
  return negative ? "-" + digits : digits;
}

}  // namespace dqm
