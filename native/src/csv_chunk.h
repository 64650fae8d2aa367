// Whole rows of a CSV file, parsed into typed columns that the profiler reads like Arrow arrays.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "column_type.h"
#include "dqm_kernel.h"

namespace dqm {

enum class CsvType : uint8_t { integer, floating, boolean, date, timestamp, zoned_timestamp, text };

struct CsvFormat {
  char delimiter = ',';
  std::vector<std::string> names;
  std::vector<CsvType> types;
};

// What an own reader cannot or should not read; another reader may.
struct CsvUnsupported {
  std::string reason;
};

constexpr const char* kMixedZones = "times with and without a zone stand in one column";

// A value that is not of its column's type.
struct CsvMismatch {
  size_t column;
};

// The bytes of whole rows, with room for reading past the end.
struct CsvBytes {
  static constexpr size_t kPadding = 64;
  std::unique_ptr<char[]> data;
  int64_t size = 0;
};

constexpr int kFieldRows = 256;  // looked at together: their text stays in the L1 cache; a multiple of 64

// Where some fields of a column lie in the text.
struct FieldSpans {
  const char* text;
  const uint32_t* separators;  // field i begins behind entry i * stride and ends at the entry after that
  size_t stride;

  uint32_t start(int i) const { return separators[static_cast<size_t>(i) * stride] + 1; }
  uint32_t stop(int i) const { return separators[static_cast<size_t>(i) * stride + 1]; }
  const char* begin(int i) const { return text + start(i); }
  const char* end(int i) const { return text + stop(i); }
};

// Where the fields of the rows are.
class CsvFields {
 public:
  // Throws CsvUnsupported unless all rows have `columns` fields and quotes only enclose whole fields.
  CsvFields(const CsvBytes& bytes, char delimiter, size_t columns);

  int64_t rows() const { return rows_; }
  // Fields of one column, up to kFieldRows from `first_row` on, without their quotes, not yet without doubled
  // ones. `copies` serves where separators do not stand right beside the fields.
  FieldSpans spans(int64_t first_row, int rows, size_t column, uint32_t (&copies)[2 * kFieldRows]) const;
  void field(int64_t row, size_t column, const char*& begin, const char*& end) const {
    uint32_t copies[2 * kFieldRows];
    const FieldSpans one = spans(row, 1, column, copies);
    begin = one.begin(0);
    end = one.end(0);
  }
  bool quoted() const { return quoted_; }

 private:
  void check_quotes() const;
  void copy_spans(int64_t first_row, int rows, size_t column, uint32_t* copies) const;

  const CsvBytes& bytes_;
  size_t columns_;
  int64_t rows_ = 0;
  bool quoted_ = false;
  bool carriage_returns_ = false;  // some row ends with one
  std::unique_ptr<uint32_t[]> positions_;  // of the separators, from 1 on; entry 0 stands before the text
};

// Parses the rows; throws CsvUnsupported or CsvMismatch. The array owns the bytes and all it was parsed into.
ArrowArray parse_chunk(CsvBytes bytes, const CsvFormat& format);
ColumnType column_type(CsvType type);

}  // namespace dqm
