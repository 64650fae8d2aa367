// The rows of a CSV file, one piece of its text after another.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>

#include "csv_chunk.h"

namespace dqm {

// Whole rows of a file, one piece after another.
class RowReader {
 public:
  // Throws Error when the file cannot be opened.
  explicit RowReader(const std::string& path);
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;
  ~RowReader() { std::fclose(file_); }

  void seek(int64_t offset);
  // About `wanted` bytes up to the end of a row; no bytes at the end of the file.
  CsvBytes read(int64_t wanted);

  // Whether the last piece was the last of the file.
  bool at_end() const { return at_end_; }

 private:
  int64_t read_more(char* to, int64_t wanted);

  std::FILE* file_;
  std::string rest_;  // of the last piece: the beginning of a row
  bool at_end_ = false;
};

// Throws CsvUnsupported where the bytes are not UTF-8 or hold a NUL.
void check_text(const CsvBytes& bytes);

}  // namespace dqm
