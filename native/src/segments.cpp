#include "segments.h"

#include <algorithm>

#include "errors.h"
#include "parallel.h"

namespace dqm {
namespace {

constexpr const char* kNullKey = "(null)";

}  // namespace

Segments::Segments(const std::vector<std::string>& names, const std::vector<ColumnType>& types,
                   const std::string& by, const PassOptions& options)
    : types_(types), options_(options), cells_(types.size()) {
  const auto found = std::find(names.begin(), names.end(), by);
  if (found == names.end()) {
    std::string known;
    for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
    throw Error("there is no column '" + by + "' to segment by; the columns are: " + known);
  }
  by_ = static_cast<size_t>(found - names.begin());
  const ColumnType& type = types_[by_];
  const bool usable = type.logical == LogicalType::text || type.logical == LogicalType::boolean ||
                      type.logical == LogicalType::integer;
  if (!usable) throw Error("column '" + by + "' cannot segment: only text, integer and boolean columns can");
}

uint32_t Segments::number_of(const ArrowArray& array, int64_t row) {
  const ColumnType& type = types_[by_];
  uint64_t bit = 1;
  std::string key;
  if (!load_validity(type, array, row, 1, &bit) && !(bit & 1)) {
    key = kNullKey;
  } else if (type.logical == LogicalType::text) {
    key = load_text(type, array, row);
  } else if (type.storage == Storage::i64 || type.storage == Storage::u64) {
    key = decimal_text(load_integer(type, array, row), 0);
  } else {
    double value;
    value = *load_doubles(kernels(), type, array, row, 1, &value);
    key = type.logical == LogicalType::boolean ? (value != 0 ? "true" : "false")
                                               : std::to_string(static_cast<int64_t>(value));
  }
  const auto known = numbers_.find(key);
  if (known != numbers_.end()) return known->second;
  if (keys_.size() == kMost) {
    throw Error("more than " + std::to_string(kMost) + " segment values; choose a column with fewer");
  }
  const auto number = static_cast<uint32_t>(keys_.size());
  numbers_.emplace(key, number);
  keys_.push_back(std::move(key));
  for (size_t column = 0; column < types_.size(); ++column) {
    cells_[column].push_back({GatheredColumn(types_[column]), empty_state(types_[column], options_.sketched), 0});
  }
  return number;
}

void Segments::add(const std::vector<std::vector<Morsel>>& work, int threads) {
  std::vector<uint32_t> numbers;
  for (const Morsel& morsel : work[by_]) {
    for (const Piece& piece : morsel.pieces) {
      for (int64_t i = 0; i < piece.rows; ++i) numbers.push_back(number_of(*piece.array, piece.start + i));
    }
  }
  for_each_task(types_.size(), threads,
                [&](size_t column, int) { add_column(column, work[column], numbers); });
}

void Segments::add_column(size_t column, const std::vector<Morsel>& morsels, const std::vector<uint32_t>& numbers) {
  const uint32_t* number = numbers.data();
  for (const Morsel& morsel : morsels) {
    for (const Piece& piece : morsel.pieces) {
      for (int64_t done = 0; done < piece.rows; done += kBlockRows) {
        const int rows = static_cast<int>(std::min<int64_t>(kBlockRows, piece.rows - done));
        add_rows(column, *piece.array, piece.start + done, rows, number);
        number += rows;
      }
    }
  }
}

// Up to kBlockRows rows of a column, each to the segment of its number.
void Segments::add_rows(size_t column, const ArrowArray& array, int64_t start, int rows, const uint32_t* numbers) {
  const ColumnType& type = types_[column];
  std::vector<Cell>& cells = cells_[column];
  uint64_t valid[kBlockWords];
  const bool all = load_validity(type, array, start, rows, valid);
  double buffer[kBlockRows];
  const double* values = nullptr;
  if (cells[numbers[0]].rows.takes_numbers()) values = load_doubles(kernels(), type, array, start, rows, buffer);
  for (int i = 0; i < rows; ++i) {
    Cell& cell = cells[numbers[i]];
    const bool is_valid = all || ((valid[i / 64] >> (i % 64)) & 1);
    cell.rows.append(array, start + i, is_valid, values != nullptr ? values[i] : 0);
    if (cell.rows.rows() == kSegmentMorselRows) flush(cell);
  }
}

void Segments::flush(Cell& cell) const {
  const void* buffers[3];
  const ArrowArray array = cell.rows.view(buffers);
  Morsel morsel;
  morsel.first_row = cell.row;
  morsel.rows = array.length;
  morsel.pieces.push_back({&array, 0, array.length});
  MorselRecord record;
  pass(cell.rows.type(), morsel, options_, cell.state.totals, record);
  record.close();
  cell.state.ordered.append(kernels(), record.ordered);
  cell.row += static_cast<uint64_t>(array.length);
  cell.rows.clear();
}

void Segments::finish() {
  for (std::vector<Cell>& column : cells_) {
    for (Cell& cell : column) {
      if (cell.rows.rows() > 0) flush(cell);
    }
  }
}

ColumnState Segments::take(int64_t segment, size_t column) {
  if (segment >= static_cast<int64_t>(keys_.size())) throw Error("there is no such segment");
  return std::move(cells_[column][static_cast<size_t>(segment)].state);
}

}  // namespace dqm
