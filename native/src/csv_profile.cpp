#include "csv_profile.h"

#include <cstring>

#include "csv_format.h"
#include "csv_relay.h"
#include "csv_rows.h"

namespace dqm {
namespace {

constexpr int64_t kHeadBytes = 1 << 20;  // looked at to tell the format

bool has_mark(const CsvBytes& bytes) {
  return bytes.size >= 3 && std::memcmp(bytes.data.get(), "\xEF\xBB\xBF", 3) == 0;
}

// Told from the file's first bytes; `whole`: these are all.
CsvFormat read_format(RowReader& reader, int64_t& data_start, bool& whole) {
  CsvBytes head = reader.read(kHeadBytes);
  whole = reader.at_end();
  if (head.size == 0) throw CsvUnsupported{"it is empty"};
  check_text(head);
  const int64_t mark = has_mark(head) ? 3 : 0;
  if (mark > 0) {
    head.size -= mark;
    std::memmove(head.data.get(), head.data.get() + mark, static_cast<size_t>(head.size) + CsvBytes::kPadding);
  }
  CsvFormat format = detect_format(head, data_start);
  data_start += mark;
  return format;
}

}  // namespace

Profiler profile_csv(const std::string& path, const ProfilerOptions& options, volatile int64_t* progress) {
  RowReader reader(path);
  int64_t data_start = 0;
  bool whole;
  CsvFormat format = read_format(reader, data_start, whole);
  const int threads = whole ? 1 : options.threads;
  for (;;) {
    reader.seek(data_start);
    if (progress != nullptr) *progress = data_start;
    std::vector<ColumnType> types;
    for (const CsvType type : format.types) types.push_back(column_type(type));
    Profiler profiler(format.names, types, options);
    try {
      profile_rows(reader, format, threads, profiler, progress);
      return profiler;
    } catch (const CsvMismatch& mismatch) {
      // A value beyond the sample needs a wider type: read again with it.
      format.types[mismatch.column] = wider(format.types[mismatch.column]);
    }
  }
}

}  // namespace dqm
