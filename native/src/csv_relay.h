// Profiles the rows of a CSV file on several threads.
#pragma once
#include <cstdint>

#include "csv_chunk.h"
#include "csv_rows.h"
#include "profiler.h"

namespace dqm {

// Each thread reads a piece of the file, parses it and takes it through all columns, behind the piece before it:
// what was parsed is still in its cache, and a state sees the rows in order. Throws what the first piece that
// fails throws: CsvUnsupported, CsvMismatch or Error.
void profile_rows(RowReader& reader, const CsvFormat& format, int threads, Profiler& profiler,
                  volatile int64_t* progress);

}  // namespace dqm
