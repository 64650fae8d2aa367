// One column of a piece of a CSV file, parsed.
#pragma once
#include <cstdint>

#include "csv_chunk.h"
#include "csv_values.h"
#include "text_span.h"

namespace dqm {

class ColumnParser {
 public:
  // `text`: the piece's bytes, in which doubled quotes are taken out. `values`: eight bytes per row, whatever the
  // type makes of them. `valid`: one bit per row.
  ColumnParser(const CsvFields& fields, size_t column, CsvType type, char* text, int64_t* values, uint64_t* valid)
      : fields_(fields), column_(column), type_(type), text_(text), values_(values), valid_(valid) {}

  // Up to kFieldRows rows from `row` on, which must be a multiple of kFieldRows. Throws CsvMismatch.
  void parse(int64_t row, int rows);

 private:
  void parse_integers(const FieldSpans& fields, int rows, int64_t* out, uint64_t* valid) const;
  void parse_doubles(const FieldSpans& fields, int rows, double* out, uint64_t* valid) const;
  void parse_timestamps(const FieldSpans& fields, int rows, int64_t* out);
  void parse_texts(const FieldSpans& fields, int rows, TextSpan* out) const;
  // Calls parse(i, begin, end) for every field that is not empty; it returns whether the field is of the type.
  template <class Parse>
  void parse_each(const FieldSpans& fields, int rows, Parse parse) const;

  const CsvFields& fields_;
  size_t column_;
  CsvType type_;
  char* text_;
  int64_t* values_;
  uint64_t* valid_;
  KnownDate known_date_;
};

}  // namespace dqm
