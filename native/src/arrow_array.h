// Reading the buffers of one Arrow array: validity, numbers of any width, text of any layout.
#pragma once
#include <cstdint>
#include <string_view>

#include "column_type.h"
#include "kernels.h"
#include "sizes.h"

namespace dqm {

// `count` (1 to 64) bits from bit `offset` on, in the low end of the word.
uint64_t load_bits(const uint8_t* bitmap, int64_t offset, int count);

// Validity of `count` rows from `start` on; true when all are valid (then `out` is not written).
bool load_validity(const ColumnType& type, const ArrowArray& array, int64_t start, int count, uint64_t* out);

// Numbers as doubles, in ticks. Returns the array's own memory when it already holds doubles.
const double* load_doubles(const Kernels& kernels, const ColumnType& type, const ArrowArray& array,
                           int64_t start, int count, double* buffer);

// The exact integer of one row, in ticks; only for integral storage.
int128 load_integer(const ColumnType& type, const ArrowArray& array, int64_t row);

// One text value. The view is into the array's memory.
std::string_view load_text(const ColumnType& type, const ArrowArray& array, int64_t row);

}  // namespace dqm
