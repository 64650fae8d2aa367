#include "csv_chunk.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "csv_columns.h"
#include "kernels.h"

namespace dqm {
namespace {

// A parsed chunk behind an ArrowArray.
struct ChunkColumns {
  CsvBytes bytes;
  std::vector<std::vector<uint64_t>> valid;
  std::vector<std::unique_ptr<int64_t[]>> values;  // eight bytes per row, whatever they hold
  std::vector<std::array<const void*, 3>> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

void release_chunk(ArrowArray* array) {
  delete static_cast<ChunkColumns*>(array->private_data);
  array->release = nullptr;
}

}  // namespace

CsvFields::CsvFields(const CsvBytes& bytes, char delimiter, size_t columns) : bytes_(bytes), columns_(columns) {
  const size_t room = static_cast<size_t>(bytes.size) + CsvBytes::kPadding + 1;
  positions_.reset(new uint32_t[room]);
  positions_[0] = ~uint32_t{0};
  int64_t quotes = 0;
  const int64_t found =
      kernels().csv_index(bytes.data.get(), bytes.size, delimiter, positions_.get() + 1, rows_, quotes);
  quoted_ = quotes > 0;
  if (found != rows_ * static_cast<int64_t>(columns)) throw CsvUnsupported{"rows have different numbers of fields"};
  for (int64_t row = 1; row <= rows_; ++row) {
    const uint32_t end = positions_[static_cast<size_t>(row) * columns];
    if (bytes.data[end] != '\n') throw CsvUnsupported{"rows have different numbers of fields"};
    carriage_returns_ |= end > 0 && bytes.data[end - 1] == '\r';
  }
  if (quoted_) check_quotes();
}

FieldSpans CsvFields::spans(int64_t first_row, int rows, size_t column, uint32_t (&copies)[2 * kFieldRows]) const {
  const char* text = bytes_.data.get();
  if (quoted_ || (carriage_returns_ && column + 1 == columns_)) {
    copy_spans(first_row, rows, column, copies);
    return {text, copies, 2};
  }
  return {text, positions_.get() + static_cast<size_t>(first_row) * columns_ + column, columns_};
}

void CsvFields::copy_spans(int64_t first_row, int rows, size_t column, uint32_t* copies) const {
  const char* text = bytes_.data.get();
  const uint32_t* at = positions_.get() + static_cast<size_t>(first_row) * columns_ + column;
  for (int i = 0; i < rows; ++i, at += columns_) {
    uint32_t begin = at[0] + 1;
    uint32_t end = at[1];
    if (column + 1 == columns_ && end > begin && text[end - 1] == '\r') --end;
    if (quoted_ && end - begin >= 2 && text[begin] == '"') {
      ++begin;
      --end;
    }
    copies[2 * i] = begin - 1;
    copies[2 * i + 1] = end;
  }
}

// A quote may stand at both ends of a field, and doubled inside such a field.
void CsvFields::check_quotes() const {
  const char* text = bytes_.data.get();
  const uint32_t* const separators = positions_.get() + 1;
  const uint32_t* const last = separators + static_cast<size_t>(rows_) * columns_;
  const uint32_t* at = separators;  // behind the field that is looked at
  for (const char* quote = text; at != last; ++at) {
    const auto left = static_cast<size_t>(text + bytes_.size - quote);
    quote = static_cast<const char*>(std::memchr(quote, '"', left));
    if (quote == nullptr) return;
    at = std::upper_bound(at, last, static_cast<uint32_t>(quote - text));
    if (at == last) return;
    const char* begin = text + static_cast<uint32_t>(at[-1] + 1);
    const char* end = text + *at;
    const auto field = static_cast<size_t>(at - separators);
    if ((field + 1) % columns_ == 0 && end > begin && end[-1] == '\r') --end;
    if (quote != begin || end - begin < 2 || end[-1] != '"') throw CsvUnsupported{"a quote stands inside a field"};
    for (const char* p = begin + 1; p < end - 1; ++p) {
      if (*p == '"' && *++p != '"') throw CsvUnsupported{"a quote stands inside a field"};
      if (p == end - 1) throw CsvUnsupported{"a quote stands inside a field"};
    }
    quote = end;
  }
}

ArrowArray parse_chunk(CsvBytes bytes, const CsvFormat& format) {
  auto chunk = std::make_unique<ChunkColumns>();
  chunk->bytes = std::move(bytes);
  const size_t columns = format.types.size();
  const CsvFields fields(chunk->bytes, format.delimiter, columns);
  const auto rows = static_cast<size_t>(fields.rows());
  chunk->buffers.resize(columns);
  chunk->children.resize(columns);
  std::vector<ColumnParser> parsers;
  for (size_t column = 0; column < columns; ++column) {
    chunk->valid.emplace_back(rows / 64 + 1);
    chunk->values.emplace_back(new int64_t[rows + 64]);
    parsers.emplace_back(fields, column, format.types[column], chunk->bytes.data.get(), chunk->values[column].get(),
                         chunk->valid[column].data());
  }
  for (int64_t row = 0; row < fields.rows(); row += kFieldRows) {
    const int some = static_cast<int>(std::min<int64_t>(kFieldRows, fields.rows() - row));
    for (ColumnParser& parser : parsers) parser.parse(row, some);
  }
  for (size_t column = 0; column < columns; ++column) {
    chunk->buffers[column] = {chunk->valid[column].data(), chunk->values[column].get(), chunk->bytes.data.get()};
    ArrowArray& child = chunk->children[column];
    child = {};
    child.length = fields.rows();
    child.null_count = -1;
    child.n_buffers = 3;
    child.buffers = chunk->buffers[column].data();
    chunk->pointers.push_back(&child);
  }
  ArrowArray array{};
  array.length = fields.rows();
  array.n_children = static_cast<int64_t>(columns);
  array.children = chunk->pointers.data();
  array.release = release_chunk;
  array.private_data = chunk.release();
  return array;
}

ColumnType column_type(CsvType type) {
  ColumnType out;
  switch (type) {
    case CsvType::integer: out.logical = LogicalType::integer; out.storage = Storage::i64; break;
    case CsvType::floating: out.logical = LogicalType::floating; out.storage = Storage::f64; break;
    case CsvType::boolean: out.logical = LogicalType::boolean; out.storage = Storage::bits; break;
    case CsvType::date:
      out.logical = LogicalType::date;
      out.storage = Storage::i32;
      out.multiplier = 86400;
      break;
    case CsvType::timestamp:
    case CsvType::zoned_timestamp:
      out.logical = LogicalType::timestamp;
      out.storage = Storage::i64;
      out.decimals = 6;
      break;
    case CsvType::text: out.logical = LogicalType::text; out.storage = Storage::text_span; break;
  }
  return out;
}

}  // namespace dqm
