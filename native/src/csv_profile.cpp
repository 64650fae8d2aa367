#include "csv_profile.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "csv_format.h"
#include "errors.h"
#include "parallel.h"

namespace dqm {
namespace {

constexpr int64_t kChunkBytes = 1 << 18;
constexpr int64_t kHeadBytes = 1 << 20;      // looked at to tell the format
constexpr int64_t kLongestRow = 16 << 20;
constexpr int64_t kReadAheadValues = 1 << 17;  // what is parsed is still in the cache when it is profiled

// Whole rows of a file, one piece after another.
class RowReader {
 public:
  explicit RowReader(const std::string& path) : file_(std::fopen(path.c_str(), "rb")) {
    if (file_ == nullptr) throw Error(path + ": " + std::strerror(errno));
    std::setvbuf(file_, nullptr, _IONBF, 0);
  }
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;
  ~RowReader() { std::fclose(file_); }

  void seek(int64_t offset) {
    if (std::fseek(file_, static_cast<long>(offset), SEEK_SET) != 0) throw Error("the file cannot be sought in");
    rest_.clear();
  }

  // About `wanted` bytes up to the end of a row; no bytes at the end of the file.
  CsvBytes read(int64_t wanted) {
    CsvBytes bytes;
    int64_t room = wanted + static_cast<int64_t>(rest_.size());
    bytes.data.reset(new char[static_cast<size_t>(room) + CsvBytes::kPadding + 1]);
    std::memcpy(bytes.data.get(), rest_.data(), rest_.size());
    bytes.size = static_cast<int64_t>(rest_.size());
    bytes.size += read_more(bytes.data.get() + bytes.size, wanted);
    int64_t end = at_end_ ? bytes.size : end_of_last_row(bytes);
    while (end == 0 && !at_end_) {
      if (bytes.size > kLongestRow) throw CsvUnsupported{"a row is longer than 16 MiB"};
      CsvBytes more;
      more.data.reset(new char[static_cast<size_t>(bytes.size * 2) + CsvBytes::kPadding + 1]);
      std::memcpy(more.data.get(), bytes.data.get(), static_cast<size_t>(bytes.size));
      more.size = bytes.size + read_more(more.data.get() + bytes.size, bytes.size);
      bytes = std::move(more);
      end = at_end_ ? bytes.size : end_of_last_row(bytes);
    }
    rest_.assign(bytes.data.get() + end, static_cast<size_t>(bytes.size - end));
    bytes.size = end;
    if (end > 0 && bytes.data[end - 1] != '\n') bytes.data[bytes.size++] = '\n';
    std::memset(bytes.data.get() + bytes.size, 0, CsvBytes::kPadding);
    return bytes;
  }

 private:
  int64_t read_more(char* to, int64_t wanted) {
    const size_t count = std::fread(to, 1, static_cast<size_t>(wanted), file_);
    if (count < static_cast<size_t>(wanted)) {
      if (std::ferror(file_)) throw Error(std::string("reading failed: ") + std::strerror(errno));
      at_end_ = true;
    }
    return static_cast<int64_t>(count);
  }

  // Behind the last line end outside quotes; the bytes begin outside.
  static int64_t end_of_last_row(const CsvBytes& bytes) {
    const char* text = bytes.data.get();
    const bool any = std::memchr(text, '"', static_cast<size_t>(bytes.size)) != nullptr;
    bool inside = any && std::count(text, text + bytes.size, '"') % 2 == 1;
    for (int64_t i = bytes.size; i > 0; --i) {
      if (text[i - 1] == '"') inside = !inside;
      if (text[i - 1] == '\n' && !inside) return i;
    }
    return 0;
  }

  std::FILE* file_;
  std::string rest_;  // of the last piece: the beginning of a row
  bool at_end_ = false;
};

bool has_mark(const CsvBytes& bytes) {
  return bytes.size >= 3 && std::memcmp(bytes.data.get(), "\xEF\xBB\xBF", 3) == 0;
}

// Valid UTF-8 throughout: what is not would be text in another encoding.
bool is_utf8(const unsigned char* p, int64_t size) {
  for (int64_t i = 0; i < size;) {
    if (p[i] < 0x80) {
      ++i;
      continue;
    }
    const int more = p[i] >= 0xF0 && p[i] <= 0xF4 ? 3 : p[i] >= 0xE0 && p[i] <= 0xEF ? 2 : p[i] >= 0xC2 && p[i] <= 0xDF ? 1 : 0;
    if (more == 0 || i + more >= size) return false;
    for (int j = 1; j <= more; ++j) {
      if ((p[i + j] & 0xC0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

void check_text(const CsvBytes& bytes) {
  const char* text = bytes.data.get();
  if (std::memchr(text, 0, static_cast<size_t>(bytes.size)) != nullptr) throw CsvUnsupported{"it has NUL bytes"};
  if (kernels().is_ascii(text, bytes.size)) return;
  if (!is_utf8(reinterpret_cast<const unsigned char*>(text), bytes.size)) throw CsvUnsupported{"it is not UTF-8"};
}

CsvFormat read_format(RowReader& reader, int64_t& data_start) {
  CsvBytes head = reader.read(kHeadBytes);
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

// One attempt with given types; CsvMismatch when a value does not fit.
Profiler read_rows(RowReader& reader, const CsvFormat& format, const ProfilerOptions& options,
                   volatile int64_t* progress) {
  std::vector<ColumnType> types;
  for (const CsvType type : format.types) types.push_back(column_type(type));
  Profiler profiler(format.names, types, options);
  const auto width = static_cast<size_t>(options.threads);
  for (bool more = true; more;) {
    std::vector<CsvBytes> pieces;
    int64_t bytes = 0;
    while (more && pieces.size() < width) {
      pieces.push_back(reader.read(kChunkBytes));
      bytes += pieces.back().size;
      more = pieces.back().size > 0;
      if (!more) pieces.pop_back();
    }
    std::vector<ArrowArray> parsed(pieces.size());
    std::vector<std::optional<CsvMismatch>> mismatches(pieces.size());
    try {
      for_each_task(pieces.size(), options.threads, [&](size_t task, int) {
        check_text(pieces[task]);
        try {
          parsed[task] = parse_chunk(std::move(pieces[task]), format);
        } catch (const CsvMismatch& mismatch) {
          mismatches[task] = mismatch;
        }
      });
      for (const auto& mismatch : mismatches) {
        if (mismatch) throw CsvMismatch{*mismatch};
      }
      for (ArrowArray& batch : parsed) profiler.update(&batch);
    } catch (...) {
      for (ArrowArray& batch : parsed) {
        if (batch.release != nullptr) batch.release(&batch);
      }
      throw;
    }
    if (progress != nullptr) *progress = *progress + bytes;
  }
  profiler.finish();
  return profiler;
}

}  // namespace

Profiler profile_csv(const std::string& path, const ProfilerOptions& given, volatile int64_t* progress) {
  ProfilerOptions options = given;
  options.wave_values = kReadAheadValues;
  RowReader reader(path);
  int64_t data_start = 0;
  CsvFormat format = read_format(reader, data_start);
  for (;;) {
    RowReader rows(path);
    rows.seek(data_start);
    if (progress != nullptr) *progress = data_start;
    try {
      return read_rows(rows, format, options, progress);
    } catch (const CsvMismatch& mismatch) {
      // A value beyond the sample needs a wider type: read again with it.
      format.types[mismatch.column] = wider(format.types[mismatch.column]);
    }
  }
}

}  // namespace dqm
