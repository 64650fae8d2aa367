// Profiles a CSV file, reading it in pieces of a fixed size.
#pragma once
#include <cstdint>
#include <string>

#include "csv_chunk.h"
#include "profiler.h"

namespace dqm {

// Throws CsvUnsupported when another reader should try, Error when the file cannot be read.
Profiler profile_csv(const std::string& path, const ProfilerOptions& options, volatile int64_t* progress);

}  // namespace dqm
