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

// Where the fields of the rows are.
class CsvFields {
 public:
  // Throws CsvUnsupported unless all rows have `columns` fields and quotes only enclose whole fields.
  CsvFields(const CsvBytes& bytes, char delimiter, size_t columns);

  int64_t rows() const { return rows_; }
  // Field without its quotes, not yet without doubled ones.
  void field(int64_t row, size_t column, const char*& begin, const char*& end) const {
    const size_t at = static_cast<size_t>(row) * columns_ + column;
    begin = bytes_.data.get() + static_cast<uint32_t>(positions_[at] + 1);
    end = bytes_.data.get() + positions_[at + 1];
    if (column + 1 == columns_ && end > begin && end[-1] == '\r') --end;
    if (quoted_ && end - begin >= 2 && *begin == '"') {
      ++begin;
      --end;
    }
  }
  // The same of `rows` rows of one column.
  void spans(int64_t first_row, int rows, size_t column, const char** begins, const char** ends) const;
  bool quoted() const { return quoted_; }

 private:
  void check_quotes() const;

  const CsvBytes& bytes_;
  size_t columns_;
  int64_t rows_ = 0;
  bool quoted_ = false;
  std::unique_ptr<uint32_t[]> positions_;  // of the separators, from 1 on; entry 0 stands before the text
};

// Parses the rows; throws CsvUnsupported or CsvMismatch. The array owns the bytes and all it was parsed into.
ArrowArray parse_chunk(CsvBytes bytes, const CsvFormat& format);
ColumnType column_type(CsvType type);

}  // namespace dqm
