#include "csv_chunk.h"

#include <algorithm>
#include <array>

#include "csv_values.h"
#include "kernels.h"
#include "text_span.h"

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

template <class Value, bool parse(const char*, const char*, Value&)>
void parse_column(const CsvFields& fields, size_t column, Value* out, uint64_t* valid) {
  for (int64_t row = 0; row < fields.rows(); ++row) {
    const char* begin;
    const char* end;
    fields.field(row, column, begin, end);
    out[row] = Value{};
    if (begin == end) continue;
    if (!parse(begin, end, out[row])) throw CsvMismatch{column};
    valid[row / 64] |= 1ull << (row % 64);
  }
}

void parse_booleans(const CsvFields& fields, size_t column, uint64_t* out, uint64_t* valid) {
  for (int64_t row = 0; row < fields.rows(); ++row) {
    const char* begin;
    const char* end;
    fields.field(row, column, begin, end);
    if (begin == end) continue;
    bool value;
    if (!parse_boolean(begin, end, value)) throw CsvMismatch{column};
    valid[row / 64] |= 1ull << (row % 64);
    out[row / 64] |= static_cast<uint64_t>(value) << (row % 64);
  }
}

// Doubled quotes become one, in place; returns the new end.
char* remove_doubled_quotes(char* begin, char* end) {
  char* to = begin;
  for (char* from = begin; from < end; ++from) {
    *to++ = *from;
    if (*from == '"' && from + 1 < end && from[1] == '"') ++from;
  }
  return to;
}

void parse_texts(const CsvFields& fields, size_t column, char* text, TextSpan* out, uint64_t* valid) {
  for (int64_t row = 0; row < fields.rows(); ++row) {
    const char* begin;
    const char* end;
    fields.field(row, column, begin, end);
    out[row] = {0, 0};
    if (begin == end) continue;
    char* start = text + (begin - text);
    char* stop = text + (end - text);
    if (fields.quoted()) stop = remove_doubled_quotes(start, stop);
    out[row] = {static_cast<uint32_t>(start - text), static_cast<uint32_t>(stop - start)};
    valid[row / 64] |= 1ull << (row % 64);
  }
}

void parse_any(const CsvFields& fields, size_t column, CsvType type, ChunkColumns& chunk) {
  int64_t* values = chunk.values[column].get();
  uint64_t* valid = chunk.valid[column].data();
  switch (type) {
    case CsvType::integer: parse_column<int64_t, parse_integer>(fields, column, values, valid); return;
    case CsvType::floating:
      parse_column<double, parse_double>(fields, column, reinterpret_cast<double*>(values), valid);
      return;
    case CsvType::date:
      parse_column<int32_t, parse_date>(fields, column, reinterpret_cast<int32_t*>(values), valid);
      return;
    case CsvType::timestamp: parse_column<int64_t, parse_timestamp>(fields, column, values, valid); return;
    case CsvType::boolean:
      std::fill(values, values + fields.rows() / 64 + 1, 0);
      parse_booleans(fields, column, reinterpret_cast<uint64_t*>(values), valid);
      return;
    case CsvType::text:
      parse_texts(fields, column, chunk.bytes.data.get(), reinterpret_cast<TextSpan*>(values), valid);
  }
}

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
    if (bytes.data[positions_[static_cast<size_t>(row) * columns]] != '\n') {
      throw CsvUnsupported{"rows have different numbers of fields"};
    }
  }
  if (quoted_) check_quotes();
}

// A quote may stand at both ends of a field, and doubled inside such a field.
void CsvFields::check_quotes() const {
  const size_t fields = static_cast<size_t>(rows_) * columns_;
  for (size_t i = 0; i < fields; ++i) {
    const char* begin = bytes_.data.get() + static_cast<uint32_t>(positions_[i] + 1);
    const char* end = bytes_.data.get() + positions_[i + 1];
    if ((i + 1) % columns_ == 0 && end > begin && end[-1] == '\r') --end;
    const auto inner = std::find(begin, end, '"');
    if (inner == end) continue;
    if (inner != begin || end - begin < 2 || end[-1] != '"') throw CsvUnsupported{"a quote stands inside a field"};
    for (const char* p = begin + 1; p < end - 1; ++p) {
      if (*p == '"' && *++p != '"') throw CsvUnsupported{"a quote stands inside a field"};
      if (p == end - 1) throw CsvUnsupported{"a quote stands inside a field"};
    }
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
  for (size_t column = 0; column < columns; ++column) {
    chunk->valid.emplace_back(rows / 64 + 1);
    chunk->values.emplace_back(new int64_t[rows + 1]);
    parse_any(fields, column, format.types[column], *chunk);
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
      out.logical = LogicalType::timestamp;
      out.storage = Storage::i64;
      out.decimals = 6;
      break;
    case CsvType::text: out.logical = LogicalType::text; out.storage = Storage::text_span; break;
  }
  return out;
}

}  // namespace dqm
