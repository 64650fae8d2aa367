#include "csv_columns.h"

#include <algorithm>
#include <cstring>

#include "csv_decimal.h"
#include "csv_values.h"
#include "kernels.h"
#include "text_span.h"

namespace dqm {
namespace {

constexpr int kStep = 512;  // rows at a time; a multiple of 64

// Where the fields of some rows begin and end.
struct Spans {
  const char* begins[kStep];
  const char* ends[kStep];
};

// Calls use(first row, rows, their fields) for all rows of a column.
template <class Use>
void for_each_step(const CsvFields& fields, size_t column, Use use) {
  Spans spans;
  for (int64_t row = 0; row < fields.rows(); row += kStep) {
    const int rows = static_cast<int>(std::min<int64_t>(kStep, fields.rows() - row));
    fields.spans(row, rows, column, spans.begins, spans.ends);
    use(row, rows, spans);
  }
}

void mark_filled(const Spans& spans, int rows, uint64_t* valid) {
  for (int i = 0; i < rows; ++i) valid[i / 64] |= static_cast<uint64_t>(spans.begins[i] != spans.ends[i]) << (i % 64);
}

// Numbers whose digits and shape are known; `slow` reads those that need more care.
struct Decimals {
  uint64_t numbers[kStep];
  uint8_t shapes[kStep];
  bool any_odd;

  void read(const Spans& spans, int rows, uint8_t odd) {
    kernels().decimals(spans.begins, spans.ends, rows, numbers, shapes);
    uint8_t all = 0;
    for (int i = 0; i < rows; ++i) all |= shapes[i];
    any_odd = (all & odd) != 0;
  }
};

void parse_integers(const CsvFields& fields, size_t column, int64_t* out, uint64_t* valid) {
  Decimals found;
  for_each_step(fields, column, [&](int64_t row, int rows, const Spans& spans) {
    mark_filled(spans, rows, valid + row / 64);
    found.read(spans, rows, kShapeOdd | kShapePoint);
    int64_t* values = out + row;
    for (int i = 0; i < rows; ++i) {
      const auto number = static_cast<int64_t>(found.numbers[i]);
      const int64_t sign = -static_cast<int64_t>((found.shapes[i] & kShapeNegative) != 0);
      values[i] = (number ^ sign) - sign;
    }
    if (!found.any_odd) return;
    for (int i = 0; i < rows; ++i) {
      const bool odd = (found.shapes[i] & (kShapeOdd | kShapePoint)) != 0;
      if (odd && !parse_integer(spans.begins[i], spans.ends[i], values[i])) throw CsvMismatch{column};
    }
  });
}

void parse_doubles(const CsvFields& fields, size_t column, double* out, uint64_t* valid) {
  constexpr uint64_t kExact = 1ull << 53;
  Decimals found;
  for_each_step(fields, column, [&](int64_t row, int rows, const Spans& spans) {
    mark_filled(spans, rows, valid + row / 64);
    found.read(spans, rows, kShapeOdd);
    double* values = out + row;
    kernels().scale_decimals(found.numbers, found.shapes, rows, values);
    uint64_t largest = 0;
    for (int i = 0; i < rows; ++i) largest = std::max(largest, found.numbers[i]);
    if (!found.any_odd && largest <= kExact) return;
    for (int i = 0; i < rows; ++i) {
      const bool odd = (found.shapes[i] & kShapeOdd) != 0 || (found.shapes[i] != kShapeEmpty && found.numbers[i] > kExact);
      if (odd && !parse_double(spans.begins[i], spans.ends[i], values[i])) throw CsvMismatch{column};
    }
  });
}

void parse_booleans(const CsvFields& fields, size_t column, uint64_t* out, uint64_t* valid) {
  std::fill(out, out + fields.rows() / 64 + 1, 0);
  for_each_step(fields, column, [&](int64_t row, int rows, const Spans& spans) {
    mark_filled(spans, rows, valid + row / 64);
    for (int i = 0; i < rows; ++i) {
      bool value = false;
      if (spans.begins[i] == spans.ends[i]) continue;
      if (!parse_boolean(spans.begins[i], spans.ends[i], value)) throw CsvMismatch{column};
      out[(row + i) / 64] |= static_cast<uint64_t>(value) << ((row + i) % 64);
    }
  });
}

void parse_dates(const CsvFields& fields, size_t column, int32_t* out, uint64_t* valid) {
  for_each_step(fields, column, [&](int64_t row, int rows, const Spans& spans) {
    mark_filled(spans, rows, valid + row / 64);
    for (int i = 0; i < rows; ++i) {
      out[row + i] = 0;
      if (spans.begins[i] == spans.ends[i]) continue;
      if (!parse_date(spans.begins[i], spans.ends[i], out[row + i])) throw CsvMismatch{column};
    }
  });
}

void parse_timestamps(const CsvFields& fields, size_t column, bool zoned, int64_t* out, uint64_t* valid) {
  KnownDate known;
  CsvTime time;
  for_each_step(fields, column, [&](int64_t row, int rows, const Spans& spans) {
    mark_filled(spans, rows, valid + row / 64);
    for (int i = 0; i < rows; ++i) {
      out[row + i] = 0;
      if (spans.begins[i] == spans.ends[i]) continue;
      if (!parse_timestamp(spans.begins[i], spans.ends[i], known, time)) throw CsvMismatch{column};
      if (time.zoned != zoned) throw CsvUnsupported{kMixedZones};
      out[row + i] = time.micros;
    }
  });
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

void parse_texts(const CsvFields& fields, size_t column, char* text, TextSpan* out, uint64_t* valid) {
  for_each_step(fields, column, [&](int64_t row, int rows, const Spans& spans) {
    mark_filled(spans, rows, valid + row / 64);
    for (int i = 0; i < rows; ++i) {
      char* begin = text + (spans.begins[i] - text);
      char* end = text + (spans.ends[i] - text);
      if (fields.quoted()) end = remove_doubled_quotes(begin, end);
      out[row + i] = {static_cast<uint32_t>(begin - text), static_cast<uint32_t>(end - begin)};
    }
  });
}

}  // namespace

void parse_column(const CsvFields& fields, size_t column, CsvType type, char* text, int64_t* values, uint64_t* valid) {
  switch (type) {
    case CsvType::integer: parse_integers(fields, column, values, valid); return;
    case CsvType::floating: parse_doubles(fields, column, reinterpret_cast<double*>(values), valid); return;
    case CsvType::date: parse_dates(fields, column, reinterpret_cast<int32_t*>(values), valid); return;
    case CsvType::timestamp: parse_timestamps(fields, column, false, values, valid); return;
    case CsvType::zoned_timestamp: parse_timestamps(fields, column, true, values, valid); return;
    case CsvType::boolean: parse_booleans(fields, column, reinterpret_cast<uint64_t*>(values), valid); return;
    case CsvType::text: parse_texts(fields, column, text, reinterpret_cast<TextSpan*>(values), valid);
  }
}

}  // namespace dqm
