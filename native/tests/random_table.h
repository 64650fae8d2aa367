// A table of random columns as Arrow arrays, in batches of any size.
#pragma once
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "dqm_kernel.h"

namespace dqm_test {

// Owns the buffers of five columns: doubles with nulls, NaN and infinities, integers beyond 2^53, texts of
// 0 to 40 bytes, microsecond timestamps, booleans.
class RandomTable {
 public:
  static constexpr int kColumns = 5;

  RandomTable(int64_t rows, uint64_t seed) : rows_(rows), valid_(static_cast<size_t>(rows / 8 + 1)) {
    std::mt19937_64 random(seed);
    offsets_.push_back(0);
    bits_.resize(valid_.size());
    for (int64_t i = 0; i < rows; ++i) {
      const uint64_t r = random();
      if (r % 16 != 0) valid_[static_cast<size_t>(i / 8)] |= static_cast<uint8_t>(1 << (i % 8));
      if (r % 3 == 0) bits_[static_cast<size_t>(i / 8)] |= static_cast<uint8_t>(1 << (i % 8));
      double value = static_cast<double>(static_cast<int64_t>(random())) * 1e-15;
      if (r % 1024 == 1) value = __builtin_nan("");
      if (r % 1024 == 2) value = __builtin_inf();
      if (r % 1024 == 3) value = 1e300;
      doubles_.push_back(value);
      integers_.push_back(r % 4096 == 5 ? static_cast<int64_t>(random()) : static_cast<int64_t>(r % 1000));
      times_.push_back(1700000000000000 + 1000000 * i + static_cast<int64_t>(r % 1000));
      text_.append(r % 41, static_cast<char>('a' + r % 26));
      offsets_.push_back(static_cast<int32_t>(text_.size()));
    }
  }

  ArrowSchema* schema() {
    static const char* kFormats[kColumns] = {"g", "l", "u", "tsu:UTC", "b"};
    static const char* kNames[kColumns] = {"double", "integer", "text", "time", "boolean"};
    for (int i = 0; i < kColumns; ++i) {
      fields_[i] = {};
      fields_[i].format = kFormats[i];
      fields_[i].name = kNames[i];
      field_pointers_[i] = &fields_[i];
    }
    schema_ = {};
    schema_.format = "+s";
    schema_.n_children = kColumns;
    schema_.children = field_pointers_;
    return &schema_;
  }

  // Rows [start, start + rows) as a struct array whose release does nothing: the table must outlive it.
  ArrowArray batch(int64_t start, int64_t rows) {
    const void* data[kColumns] = {doubles_.data(), integers_.data(), offsets_.data(), times_.data(), bits_.data()};
    batches_.emplace_back();
    Batch& made = batches_.back();
    for (int i = 0; i < kColumns; ++i) {
      made.buffers[i][0] = valid_.data();
      made.buffers[i][1] = data[i];
      made.buffers[i][2] = text_.data();
      ArrowArray& child = made.children[i];
      child = {};
      child.length = rows;
      child.null_count = -1;
      child.offset = start;
      child.n_buffers = 3;
      child.buffers = made.buffers[i];
      made.pointers[i] = &child;
    }
    ArrowArray array{};
    array.length = rows;
    array.n_children = kColumns;
    array.children = made.pointers;
    array.release = [](ArrowArray* released) { released->release = nullptr; };
    return array;
  }

  int64_t rows() const { return rows_; }

 private:
  struct Batch {
    const void* buffers[kColumns][3];
    ArrowArray children[kColumns];
    ArrowArray* pointers[kColumns];
  };

  int64_t rows_;
  std::vector<uint8_t> valid_, bits_;
  std::vector<double> doubles_;
  std::vector<int64_t> integers_, times_;
  std::vector<int32_t> offsets_;
  std::string text_;
  std::deque<Batch> batches_;
  ArrowSchema schema_, fields_[kColumns];
  ArrowSchema* field_pointers_[kColumns];
};

}  // namespace dqm_test
