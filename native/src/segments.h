// One state per value of a segment column, filled in the same pass as the whole.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "column_state.h"
#include "gathered_column.h"
#include "passes.h"

namespace dqm {

class Segments {
 public:
  static constexpr size_t kMost = 10000;

  Segments(const std::vector<std::string>& names, const std::vector<ColumnType>& types, const std::string& by,
           const PassOptions& options);
  // The morsels of one wave, by column.
  void add(const std::vector<std::vector<Morsel>>& work, int threads);
  void finish();

  size_t count() const { return keys_.size(); }
  const std::string& key(size_t segment) const { return keys_[segment]; }
  ColumnState take(int64_t segment, size_t column);

 private:
  struct Cell {  // one column of one segment
    GatheredColumn rows;
    ColumnState state;
    uint64_t row = 0;
  };

  uint32_t number_of(const ArrowArray& array, int64_t row);
  void add_column(size_t column, const std::vector<Morsel>& morsels, const std::vector<uint32_t>& numbers);
  void add_rows(size_t column, const ArrowArray& array, int64_t start, int rows, const uint32_t* numbers);
  void flush(Cell& cell) const;

  std::vector<ColumnType> types_;
  size_t by_ = 0;
  PassOptions options_;
  std::vector<std::string> keys_;
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<std::vector<Cell>> cells_;  // by column, then segment
};

}  // namespace dqm
