// A few hundred texts of a column, nulls left out, ready to be read sixteen bytes at a time.
#pragma once
#include <cstdint>

#include "arrow_array.h"

namespace dqm {

constexpr int kTextRows = 256;

class TextBlock {
 public:
  int count = 0;
  const char* texts[kTextRows];  // 16 bytes are readable at each
  uint64_t lengths[kTextRows];   // bytes
  const char* bytes = nullptr;   // all texts lie in these bytes, when they do
  int64_t byte_count = 0;

  // Up to kTextRows rows from `start` on.
  void load(const ColumnType& type, const ArrowArray& array, int64_t start, int rows);

 private:
  template <class Offset>
  void load_offsets(const ArrowArray& array, int64_t start, int rows, const uint64_t* valid);
  void load_spans(const ArrowArray& array, int64_t start, int rows, const uint64_t* valid);
  void load_each(const ColumnType& type, const ArrowArray& array, int64_t start, int rows, const uint64_t* valid);
  void add(const char* text, uint64_t length, bool readable);

  char copies_[kTextRows][16];
};

}  // namespace dqm
