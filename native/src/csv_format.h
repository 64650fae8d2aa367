// What a CSV file looks like, told from its first rows.
#pragma once
#include "csv_chunk.h"

namespace dqm {

// Rows whose values decide the types.
constexpr int64_t kSampleRows = 20480;

// Delimiter, names and types from the file's first bytes (whole rows), and where the data begins in them.
// Only what is beyond doubt: a header over typed columns, one delimiter that gives the same number of fields
// in every row, notations that mean one thing. Everything else throws CsvUnsupported.
CsvFormat detect_format(const CsvBytes& head, int64_t& data_start);

// The type that holds what both the given type and other values need.
CsvType wider(CsvType type);

}  // namespace dqm
