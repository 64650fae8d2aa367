// Values of CSV fields. Every text must have 16 readable bytes behind its end.
#pragma once
#include <cstdint>
#include <string_view>

namespace dqm {

// Each returns false when the field is not one of these; the whole field must be.
bool parse_integer(const char* begin, const char* end, int64_t& out);
// Correctly rounded; digits with an optional sign, point and exponent, or nan, inf, infinity in any case.
bool parse_double(const char* begin, const char* end, double& out);
bool parse_boolean(const char* begin, const char* end, bool& out);
// YYYY-MM-DD, in days since 1970.
bool parse_date(const char* begin, const char* end, int32_t& out);
// The date that stood in the row before: most often it is that of this one too.
struct KnownDate {
  bool is(const char* date) const;

  char text[10] = {};
  int32_t days = 0;
};
// Microseconds since 1970 in UTC, and whether the text said which zone it was in.
struct CsvTime {
  int64_t micros = 0;
  bool zoned = false;
};
// A date, or a date, blank or T, and HH:MM or HH:MM:SS with any digits of a second (the first six count); behind
// seconds a zone may stand: Z, +HH, +HH:MM or the same with a minus.
bool parse_timestamp(const char* begin, const char* end, KnownDate& known, CsvTime& out);

// Looks like a number, a date or a truth value in a notation that is not read here.
bool may_mean_more_than_text(std::string_view field);

}  // namespace dqm
