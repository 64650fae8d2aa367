#include "csv_values.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

namespace dqm {
namespace {

constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr uint64_t kIntegerPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
constexpr int kMostDigits = 19;  // fit in 64 bits

// Up to eight digits at `p`: their number, and their value in `value`.
inline int read_digits(const char* p, uint64_t& value) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  word ^= 0x3030303030303030ull;
  const uint64_t others = ((word + 0x0606060606060606ull) | word) & 0xF0F0F0F0F0F0F0F0ull;
  const int digits = others ? __builtin_ctzll(others) / 8 : 8;
  if (digits == 0) return 0;
  word <<= 8 * (8 - digits);
  word = (word & 0x0F0F0F0F0F0F0F0Full) * 2561 >> 8;
  word = (word & 0x00FF00FF00FF00FFull) * 6553601 >> 16;
  value = (word & 0x0000FFFF0000FFFFull) * 42949672960001ull >> 32;
  return digits;
}

// All digits from `p` on, not past `end`; more than kMostDigits overflow, which the caller tells by `digits`.
inline const char* read_number(const char* p, const char* end, uint64_t& number, int& digits) {
  for (;;) {
    uint64_t part = 0;
    const int count = read_digits(p, part);
    if (p + count > end) return p;  // never: fields end with a separator
    number = number * kIntegerPowers[count] + part;
    digits += count;
    p += count;
    if (count < 8) return p;
  }
}

bool parse_special(const char* begin, const char* end, bool negative, double& out) {
  std::string text(begin, end);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c | 0x20); });
  if (text == "nan") {
    out = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "inf" || text == "infinity") {
    out = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  } else {
    return false;
  }
  return true;
}

bool parse_slowly(const char* begin, const char* end, double& out) {
  const auto result = std::from_chars(begin, end, out);
  if (result.ptr != end) return false;
  if (result.ec == std::errc::result_out_of_range) {  // strtod gives the infinity or the zero it stands for
    const std::string text(begin, end);
    out = std::strtod(text.c_str(), nullptr);
    return true;
  }
  return result.ec == std::errc();
}

// digits / 10^decimals, correctly rounded; false when that takes more care.
inline bool scale_down(uint64_t number, int decimals, double& out) {
  if (decimals == 0) {
    out = static_cast<double>(number);
    return true;
  }
  if (decimals > 22) return false;
  if (number <= (uint64_t{1} << 53)) {
    out = static_cast<double>(number) / kPowers[decimals];
    return true;
  }
#if defined(__x86_64__)
  // The quotient in 64 bits of mantissa is correctly rounded; rounding it again to 53 bits is wrong only when
  // the 11 bits that go are within one of a half.
  const long double quotient = static_cast<long double>(number) / static_cast<long double>(kPowers[decimals]);
  uint64_t mantissa;
  std::memcpy(&mantissa, &quotient, 8);
  const uint64_t tail = mantissa & 0x7FF;
  if (tail >= 0x3FF && tail <= 0x401) return false;
  out = static_cast<double>(quotient);
  return true;
#else
  return false;
#endif
}

bool two_digits(const char* p, int& out) {
  const unsigned tens = static_cast<unsigned char>(p[0]) - '0';
  const unsigned ones = static_cast<unsigned char>(p[1]) - '0';
  out = static_cast<int>(tens * 10 + ones);
  return tens < 10 && ones < 10;
}

// Days since 1970 of a date in the proleptic Gregorian calendar, by counting from March.
int32_t days_of(int year, int month, int day) {
  const int years = month <= 2 ? year - 1 : year;
  const int era = years / 400;
  const int year_of_era = years - era * 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && leap);
}

constexpr int64_t kMicrosPerMinute = 60000000;
constexpr int64_t kMicrosPerDay = 1440 * kMicrosPerMinute;

// Of HH:MM:SS, eight characters at once; false for anything else.
bool seconds_of_day(const char* p, int64_t& seconds) {
  constexpr uint64_t kColons = 0x00003A00003A0000ull;
  constexpr uint64_t kDigits = 0xFFFF00FFFF00FFFFull;
  uint64_t text;
  std::memcpy(&text, p, 8);
  if ((text & ~kDigits) != kColons) return false;
  const uint64_t digits = (text ^ 0x3030303030303030ull) & kDigits;
  if ((((digits + 0x7676767676767676ull) | digits) & 0x8080808080808080ull & kDigits) != 0) return false;
  const uint64_t pairs = digits * 10 + (digits >> 8);  // in every byte that holds tens
  const uint64_t hours = pairs & 0xFF;
  const uint64_t minutes = pairs >> 24 & 0xFF;
  const uint64_t rest = pairs >> 48 & 0xFF;
  seconds = static_cast<int64_t>(hours * 3600 + minutes * 60 + rest);
  return hours < 24 && minutes < 60 && rest < 60;
}

// A point and at least one digit, of which the first six count; moves `p` behind them.
bool add_fraction(const char*& p, const char* end, int64_t& micros) {
  int64_t worth = 100000;
  const char* const first = ++p;
  for (; p != end && *p >= '0' && *p <= '9'; ++p, worth /= 10) micros += worth * (*p - '0');
  return p != first;
}

// The whole rest must be a zone; the time becomes that of UTC.
bool take_zone(const char* p, const char* end, CsvTime& out) {
  out.zoned = true;
  if (*p == 'Z') return p + 1 == end;
  int hours;
  int minutes = 0;
  if ((*p != '+' && *p != '-') || (end - p != 3 && end - p != 6) || !two_digits(p + 1, hours)) return false;
  if (end - p == 6 && (p[3] != ':' || !two_digits(p + 4, minutes))) return false;
  if (hours > 15 || minutes > 59) return false;
  const int64_t offset = (hours * 60 + minutes) * kMicrosPerMinute;
  out.micros -= *p == '-' ? -offset : offset;
  return true;
}

}  // namespace

bool parse_integer(const char* begin, const char* end, int64_t& out) {
  const bool negative = begin != end && *begin == '-';
  uint64_t number = 0;
  int digits = 0;
  const char* p = read_number(begin + negative, end, number, digits);
  if (p != end || digits == 0) return false;
  if (digits >= kMostDigits) {  // may not fit
    const auto result = std::from_chars(begin, end, out);
    return result.ec == std::errc() && result.ptr == end;
  }
  out = negative ? -static_cast<int64_t>(number) : static_cast<int64_t>(number);
  return true;
}

bool parse_double(const char* begin, const char* end, double& out) {
  const bool negative = begin != end && *begin == '-';
  uint64_t number = 0;
  int digits = 0;
  int decimals = 0;
  const char* p = read_number(begin + negative, end, number, digits);
  if (p != end && *p == '.') {
    const int before = digits;
    p = read_number(p + 1, end, number, digits);
    decimals = digits - before;
  }
  if (digits == 0) return parse_special(begin + negative, end, negative, out);
  if (p != end || digits > kMostDigits || !scale_down(number, decimals, out)) return parse_slowly(begin, end, out);
  if (negative) out = -out;
  return true;
}

bool parse_boolean(const char* begin, const char* end, bool& out) {
  const auto is = [begin, end](const char* word, size_t size) {
    return static_cast<size_t>(end - begin) == size &&
           std::equal(begin, end, word, [](char a, char b) { return (a | 0x20) == b; });
  };
  out = is("true", 4);
  return out || is("false", 5);
}

bool parse_date(const char* begin, const char* end, int32_t& out) {
  int century;
  int year;
  int month;
  int day;
  if (end - begin != 10 || begin[4] != '-' || begin[7] != '-') return false;
  if (!two_digits(begin, century) || !two_digits(begin + 2, year)) return false;
  if (!two_digits(begin + 5, month) || !two_digits(begin + 8, day)) return false;
  year += 100 * century;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  out = days_of(year, month, day);
  return true;
}

bool KnownDate::is(const char* date) const {
  uint64_t ours;
  uint64_t theirs;
  uint16_t our_end;
  uint16_t their_end;
  std::memcpy(&ours, text, 8);
  std::memcpy(&theirs, date, 8);
  std::memcpy(&our_end, text + 8, 2);
  std::memcpy(&their_end, date + 8, 2);
  return ours == theirs && our_end == their_end;
}

bool parse_timestamp(const char* begin, const char* end, KnownDate& known, CsvTime& out) {
  if (end - begin < 10) return false;
  if (!known.is(begin)) {
    if (!parse_date(begin, begin + 10, known.days)) return false;
    std::memcpy(known.text, begin, sizeof known.text);
  }
  out = {int64_t{known.days} * kMicrosPerDay, false};
  const char* p = begin + 10;
  if (p == end) return true;
  int64_t seconds;
  if (end - p == 9 && (*p == ' ' || *p == 'T') && seconds_of_day(p + 1, seconds)) {
    out.micros += seconds * 1000000;
    return true;
  }
  int hour;
  int minute;
  int second = 0;
  if (end - p < 6 || (*p != ' ' && *p != 'T') || p[3] != ':') return false;
  if (!two_digits(p + 1, hour) || !two_digits(p + 4, minute)) return false;
  p += 6;
  if (p != end) {
    if (end - p < 3 || *p != ':' || !two_digits(p + 1, second)) return false;
    p += 3;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  out.micros += (int64_t{hour} * 3600 + minute * 60 + second) * 1000000;
  if (p != end && *p == '.' && !add_fraction(p, end, out.micros)) return false;
  return p == end || take_zone(p, end, out);
}

bool may_mean_more_than_text(std::string_view field) {
  constexpr std::string_view kNumberOrTime = "0123456789+-./:,_ eETZAPMapm%$";
  const bool has_digit = field.find_first_of("0123456789") != std::string_view::npos;
  if (has_digit && field.find_first_not_of(kNumberOrTime) == std::string_view::npos) return true;
  const bool after_year = field.size() > 4 && (field[4] == '-' || field[4] == '/');
  if (after_year && field.substr(0, 4).find_first_not_of("0123456789") == std::string_view::npos) return true;
  std::string lower(field);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* word : {"t", "f", "y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"}) {
    if (lower == word) return true;
  }
  return false;
}

}  // namespace dqm
