#include "csv_rows.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "errors.h"
#include "kernels.h"

namespace dqm {
namespace {

constexpr int64_t kLongestRow = 16 << 20;

// Behind the last line end outside quotes; the bytes begin outside.
int64_t end_of_last_row(const CsvBytes& bytes) {
  const char* text = bytes.data.get();
  const bool any = std::memchr(text, '"', static_cast<size_t>(bytes.size)) != nullptr;
  bool inside = any && std::count(text, text + bytes.size, '"') % 2 == 1;
  for (int64_t i = bytes.size; i > 0; --i) {
    if (text[i - 1] == '"') inside = !inside;
    if (text[i - 1] == '\n' && !inside) return i;
  }
  return 0;
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

}  // namespace

RowReader::RowReader(const std::string& path) : file_(std::fopen(path.c_str(), "rb")) {
  if (file_ == nullptr) throw Error(path + ": " + std::strerror(errno));
  std::setvbuf(file_, nullptr, _IONBF, 0);
}

void RowReader::seek(int64_t offset) {
  if (std::fseek(file_, static_cast<long>(offset), SEEK_SET) != 0) throw Error("the file cannot be sought in");
  rest_.clear();
  at_end_ = false;
}

CsvBytes RowReader::read(int64_t wanted) {
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

int64_t RowReader::read_more(char* to, int64_t wanted) {
  const size_t count = std::fread(to, 1, static_cast<size_t>(wanted), file_);
  if (count < static_cast<size_t>(wanted)) {
    if (std::ferror(file_)) throw Error(std::string("reading failed: ") + std::strerror(errno));
    at_end_ = true;
  }
  return static_cast<int64_t>(count);
}

void check_text(const CsvBytes& bytes) {
  const char* text = bytes.data.get();
  if (std::memchr(text, 0, static_cast<size_t>(bytes.size)) != nullptr) throw CsvUnsupported{"it has NUL bytes"};
  if (kernels().is_ascii(text, bytes.size)) return;
  if (!is_utf8(reinterpret_cast<const unsigned char*>(text), bytes.size)) throw CsvUnsupported{"it is not UTF-8"};
}

}  // namespace dqm
