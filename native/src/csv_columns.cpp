#include "csv_columns.h"

#include <algorithm>
#include <cstring>

#include "csv_decimal.h"
#include "kernels.h"
#include "text_span.h"

namespace dqm {
namespace {

// Numbers whose digits and shapes are known, but for odd ones.
struct Decimals {
  uint64_t numbers[kFieldRows];
  alignas(64) uint8_t shapes[kFieldRows];
  uint8_t all_shapes;

  Decimals(const FieldSpans& fields, int rows, uint64_t* valid) {
    kernels().decimals(fields.text, fields.separators, fields.stride, rows, numbers, shapes);
    all_shapes = kernels().filled(shapes, rows, valid);
  }
};

void mark_filled(const FieldSpans& fields, int rows, uint64_t* valid) {
  for (int at = 0; at < rows; at += 64) {
    uint64_t word = 0;
    const int bits = std::min(64, rows - at);
    for (int i = 0; i < bits; ++i) word |= static_cast<uint64_t>(fields.start(at + i) != fields.stop(at + i)) << i;
    valid[at / 64] = word;
  }
}

// Doubled quotes become one, in place; returns the new end.
char* remove_doubled_quotes(char* begin, char* end) {
  char* to = begin;
  for (char* from = begin; from < end; ++from) {
    *to++ = *from;
    if (*from == '"' && from + 1 < end && from[1] == '"') ++from;
  }
  return to;
}

}  // namespace

void ColumnParser::parse_integers(const FieldSpans& fields, int rows, int64_t* out, uint64_t* valid) const {
  constexpr uint8_t kCare = kShapeOdd | kShapePoint;
  const Decimals found(fields, rows, valid);
  kernels().signed_decimals(found.numbers, found.shapes, rows, out);
  if ((found.all_shapes & kCare) == 0) return;
  for (int i = 0; i < rows; ++i) {
    const bool odd = (found.shapes[i] & kCare) != 0;
    if (odd && !parse_integer(fields.begin(i), fields.end(i), out[i])) throw CsvMismatch{column_};
  }
}

void ColumnParser::parse_doubles(const FieldSpans& fields, int rows, double* out, uint64_t* valid) const {
  constexpr uint64_t kExact = 1ull << 53;
  const Decimals found(fields, rows, valid);
  const uint64_t all = kernels().scale_decimals(found.numbers, found.shapes, rows, out);
  if ((found.all_shapes & kShapeOdd) == 0 && all <= kExact) return;
  for (int i = 0; i < rows; ++i) {
    const bool odd = (found.shapes[i] & kShapeOdd) != 0 || (found.shapes[i] != kShapeEmpty && found.numbers[i] > kExact);
    if (odd && !parse_double(fields.begin(i), fields.end(i), out[i])) throw CsvMismatch{column_};
  }
}

template <class Parse>
void ColumnParser::parse_each(const FieldSpans& fields, int rows, Parse parse) const {
  for (int i = 0; i < rows; ++i) {
    if (fields.start(i) == fields.stop(i)) continue;
    if (!parse(i, fields.begin(i), fields.end(i))) throw CsvMismatch{column_};
  }
}

void ColumnParser::parse_timestamps(const FieldSpans& fields, int rows, int64_t* out) {
  const bool zoned = type_ == CsvType::zoned_timestamp;
  CsvTime time;
  parse_each(fields, rows, [&](int i, const char* begin, const char* end) {
    if (!parse_timestamp(begin, end, known_date_, time)) return false;
    if (time.zoned != zoned) throw CsvUnsupported{kMixedZones};
    out[i] = time.micros;
    return true;
  });
}

void ColumnParser::parse_texts(const FieldSpans& fields, int rows, TextSpan* out) const {
  if (!fields_.quoted()) {
    for (int i = 0; i < rows; ++i) out[i] = {fields.start(i), fields.stop(i) - fields.start(i)};
    return;
  }
  for (int i = 0; i < rows; ++i) {
    const char* end = remove_doubled_quotes(text_ + fields.start(i), text_ + fields.stop(i));
    out[i] = {fields.start(i), static_cast<uint32_t>(end - fields.begin(i))};
  }
}

void ColumnParser::parse(int64_t row, int rows) {
  uint32_t copies[2 * kFieldRows];
  const FieldSpans fields = fields_.spans(row, rows, column_, copies);
  uint64_t* valid = valid_ + row / 64;
  if (type_ == CsvType::integer) {
    parse_integers(fields, rows, values_ + row, valid);
    return;
  }
  if (type_ == CsvType::floating) {
    parse_doubles(fields, rows, reinterpret_cast<double*>(values_) + row, valid);
    return;
  }
  mark_filled(fields, rows, valid);
  if (type_ == CsvType::text) {
    parse_texts(fields, rows, reinterpret_cast<TextSpan*>(values_) + row);
  } else if (type_ == CsvType::date) {
    int32_t* days = reinterpret_cast<int32_t*>(values_) + row;
    std::fill(days, days + rows, 0);
    parse_each(fields, rows, [days](int i, const char* begin, const char* end) { return parse_date(begin, end, days[i]); });
  } else if (type_ == CsvType::boolean) {
    uint64_t* bits = reinterpret_cast<uint64_t*>(values_) + row / 64;
    std::fill(bits, bits + (rows + 63) / 64, 0);
    parse_each(fields, rows, [bits](int i, const char* begin, const char* end) {
      bool value = false;
      if (!parse_boolean(begin, end, value)) return false;
      bits[i / 64] |= static_cast<uint64_t>(value) << (i % 64);
      return true;
    });
  } else {
    std::fill(values_ + row, values_ + row + rows, 0);
    parse_timestamps(fields, rows, values_ + row);
  }
}

}  // namespace dqm
