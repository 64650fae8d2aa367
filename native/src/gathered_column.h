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
  void append(const ArrowArray& array, int64_t row);
  void clear();
  int64_t rows() const { return rows_; }
  const ColumnType& type() const { return type_; }
  // Valid until the next append or clear.
  ArrowArray view(const void** buffers) const;

 private:
  ColumnType source_;
  ColumnType type_;  // of the gathered rows: never a dictionary, all text as large text
  int64_t rows_ = 0;
  std::vector<uint8_t> valid_;
  std::vector<double> numbers_;
  std::vector<int64_t> offsets_{0};
  std::vector<char> bytes_;
};

}  // namespace dqm
