#include "gathered_column.h"

#include <cstring>

namespace dqm {
namespace {

bool needs_integers(Storage storage) {
  return storage == Storage::i64 || storage == Storage::u64 || storage == Storage::i128;
}

// Integers of 64 and 128 bits are gathered as 128 bits, all other numbers are exact as doubles.
ColumnType gathered_type(const ColumnType& source) {
  ColumnType type = source;
  type.index = Storage::none;
  if (kind_of(source.logical) == Kind::text) {
    type.storage = Storage::text64;
  } else if (needs_integers(source.storage)) {
    type.storage = Storage::i128;
    type.multiplier = 1;
  } else if (kind_of(source.logical) != Kind::null && kind_of(source.logical) != Kind::nested) {
    type.storage = is_integral(source) ? Storage::i64 : Storage::f64;
    type.multiplier = 1;
  }
  return type;
}

}  // namespace

GatheredColumn::GatheredColumn(const ColumnType& source) : source_(source), type_(gathered_type(source)) {}

void GatheredColumn::append(const ArrowArray& array, int64_t row) {
  uint64_t bit = 1;
  const bool valid = load_validity(source_, array, row, 1, &bit) || (bit & 1);
  if (rows_ % 8 == 0) valid_.push_back(0);
  if (valid) valid_.back() |= static_cast<uint8_t>(1 << (rows_ % 8));
  ++rows_;
  switch (type_.storage) {
    case Storage::text64:
      if (valid) {
        const std::string_view text = load_text(source_, array, row);
        bytes_.insert(bytes_.end(), text.begin(), text.end());
      }
      offsets_.push_back(static_cast<int64_t>(bytes_.size()));
      return;
    case Storage::i128: {
      const int128 value = valid ? load_integer(source_, array, row) : 0;
      const auto* from = reinterpret_cast<const char*>(&value);
      bytes_.insert(bytes_.end(), from, from + sizeof value);
      return;
    }
    case Storage::i64:
    case Storage::f64: {
      double value = 0;
      if (valid) value = *load_doubles(kernels(), source_, array, row, 1, &value);
      if (type_.storage == Storage::f64) {
        numbers_.push_back(value);
        return;
      }
      const auto integer = static_cast<int64_t>(value);
      const auto* from = reinterpret_cast<const char*>(&integer);
      bytes_.insert(bytes_.end(), from, from + sizeof integer);
      return;
    }
    default: return;
  }
}

void GatheredColumn::clear() {
  rows_ = 0;
  valid_.clear();
  numbers_.clear();
  offsets_.assign(1, 0);
  bytes_.clear();
}

ArrowArray GatheredColumn::view(const void** buffers) const {
  ArrowArray array{};
  array.length = rows_;
  array.null_count = -1;
  array.n_buffers = 3;
  array.buffers = buffers;
  buffers[0] = valid_.data();
  buffers[2] = bytes_.data();
  if (type_.storage == Storage::text64) {
    buffers[1] = offsets_.data();
  } else if (type_.storage == Storage::f64) {
    buffers[1] = numbers_.data();
  } else {
    buffers[1] = bytes_.data();
  }
  return array;
}

}  // namespace dqm
