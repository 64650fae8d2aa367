// Rows of one column picked out of Arrow arrays and laid side by side, readable as an Arrow array again.
#pragma once
#include <cstdint>
#include <vector>

#include "arrow_array.h"
#include "column_type.h"

namespace dqm {

class GatheredColumn {
 public:
  explicit GatheredColumn(const ColumnType& source);
  // The row's validity, and what load_doubles gives for it where takes_numbers().
  void append(const ArrowArray& array, int64_t row, bool valid, double number);
  bool takes_numbers() const { return !raw_ && (type_.storage == Storage::i64 || type_.storage == Storage::f64); }
  void clear();
  int64_t rows() const { return rows_; }
  const ColumnType& type() const { return type_; }
  // Valid until the next append or clear.
  ArrowArray view(const void** buffers) const;

 private:
  ColumnType source_;
  ColumnType type_;  // of the gathered rows: never a dictionary, all text as large text
  bool raw_;         // 64-bit integers as they lie in the source
  int64_t rows_ = 0;
  std::vector<uint8_t> valid_;
  std::vector<double> numbers_;
  std::vector<int64_t> integers_;
  std::vector<int64_t> offsets_{0};
  std::vector<char> bytes_;
};

}  // namespace dqm
