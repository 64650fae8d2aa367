// A fixed stretch of rows of one column, or a part of it, however many Arrow arrays it is spread over.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "arrow_array.h"
#include "column_type.h"
#include "sizes.h"

namespace dqm {

struct Piece {
  const ArrowArray* array;
  int64_t start;  // in the array, before its own offset
  int64_t rows;
};

struct Morsel {
  std::vector<Piece> pieces;
  uint64_t first_row = 0;  // of this part, counted from the start of the data: decides what is sampled
  int64_t rows = 0;
  bool few = false;  // all the data there is, few enough for the quantile sketch to keep them all
};

// Up to kBlockRows numbers of a morsel, in ticks.
struct NumberBlock {
  const double* values;
  const uint64_t* valid;  // null: every row is valid
  int rows;
};

// Reads a morsel's numbers block by block, in any order of blocks.
class NumberReader {
 public:
  NumberReader(const Kernels& kernels, const ColumnType& type, const Morsel& morsel)
      : kernels_(kernels), type_(type), morsel_(morsel) {}
  NumberBlock load(int64_t first_row);
  // The valid rows of that block as exact integers.
  int load_integers(int64_t first_row, int128* out);

 private:
  const Kernels& kernels_;
  const ColumnType& type_;
  const Morsel& morsel_;
  alignas(64) double values_[kBlockRows + 16];
  uint64_t valid_[kBlockWords];
};

}  // namespace dqm
