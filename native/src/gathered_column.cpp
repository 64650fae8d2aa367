#include "gathered_column.h"

#include <cstring>

namespace dqm {
namespace {

bool is_raw(const ColumnType& source) { return source.storage == Storage::i64 && source.index == Storage::none; }

bool needs_integers(Storage storage) {
  return storage == Storage::i64 || storage == Storage::u64 || storage == Storage::i128;
}

// Integers of 64 bits stay so, in a dictionary or of 128 bits they are gathered as 128 bits, all other numbers are exact as doubles.
ColumnType gathered_type(const ColumnType& source) {
  ColumnType type = source;
  type.index = Storage::none;
  if (is_raw(source)) return type;
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

GatheredColumn::GatheredColumn(const ColumnType& source)
    : source_(source), type_(gathered_type(source)), raw_(is_raw(source)) {}

void GatheredColumn::append(const ArrowArray& array, int64_t row, bool valid, double number) {
  if (rows_ % 8 == 0) valid_.push_back(0);
  valid_.back() = static_cast<uint8_t>(valid_.back() | static_cast<int>(valid) << (rows_ % 8));
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
      integers_.push_back(raw_    ? static_cast<const int64_t*>(array.buffers[1])[array.offset + row]
                          : valid ? static_cast<int64_t>(number)
                                  : 0);
      return;
    case Storage::f64: numbers_.push_back(valid ? number : 0); return;
    default: return;
  }
}

void GatheredColumn::clear() {
  rows_ = 0;
  valid_.clear();
  numbers_.clear();
  integers_.clear();
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
  } else if (type_.storage == Storage::i64) {
    buffers[1] = integers_.data();
  } else {
    buffers[1] = bytes_.data();
  }
  return array;
}

}  // namespace dqm
