// One column of a piece of a CSV file, parsed.
#pragma once
#include <cstdint>

#include "csv_chunk.h"

namespace dqm {

// `text`: the piece's bytes, in which doubled quotes are taken out. `values`: eight bytes per row, whatever the
// type makes of them. `valid`: one bit per row, all zero before. Throws CsvMismatch.
void parse_column(const CsvFields& fields, size_t column, CsvType type, char* text, int64_t* values, uint64_t* valid);

}  // namespace dqm
