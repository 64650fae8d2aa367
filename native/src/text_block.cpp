#include "text_block.h"

#include <cstring>

#include "text_span.h"

namespace dqm {

void TextBlock::add(const char* text, uint64_t length, bool readable) {
  if (!readable && length < 16) {
    std::memset(copies_[count], 0, 16);
    if (length > 0) std::memcpy(copies_[count], text, length);
    text = copies_[count];
  }
  texts[count] = text;
  lengths[count++] = length;
}

void TextBlock::load(const ColumnType& type, const ArrowArray& array, int64_t start, int rows) {
  count = 0;
  bytes = nullptr;
  byte_count = 0;
  uint64_t valid[kTextRows / 64];
  const uint64_t* some = load_validity(type, array, start, rows, valid) ? nullptr : valid;
  if (type.index == Storage::none && type.storage == Storage::text32) {
    load_offsets<int32_t>(array, start, rows, some);
  } else if (type.index == Storage::none && type.storage == Storage::text64) {
    load_offsets<int64_t>(array, start, rows, some);
  } else if (type.storage == Storage::text_span) {
    load_spans(array, start, rows, some);
  } else {
    load_each(type, array, start, rows, some);
  }
}

template <class Offset>
void TextBlock::load_offsets(const ArrowArray& array, int64_t start, int rows, const uint64_t* valid) {
  const Offset* offsets = static_cast<const Offset*>(array.buffers[1]) + array.offset;
  const char* data = static_cast<const char*>(array.buffers[2]);
  const auto end = static_cast<int64_t>(offsets[array.length]);
  bytes = data + offsets[start];
  byte_count = static_cast<int64_t>(offsets[start + rows]) - offsets[start];
  if (valid == nullptr && offsets[start + rows] + 16 <= end) {
    for (int i = 0; i < rows; ++i) {
      texts[i] = data + offsets[start + i];
      lengths[i] = static_cast<uint64_t>(offsets[start + i + 1] - offsets[start + i]);
    }
    count = rows;
    return;
  }
  for (int i = 0; i < rows; ++i) {
    if (valid != nullptr && !((valid[i / 64] >> (i % 64)) & 1)) continue;
    const int64_t at = offsets[start + i];
    add(data + at, static_cast<uint64_t>(offsets[start + i + 1] - at), at + 16 <= end);
  }
}

void TextBlock::load_spans(const ArrowArray& array, int64_t start, int rows, const uint64_t* valid) {
  const TextSpan* spans = static_cast<const TextSpan*>(array.buffers[1]) + array.offset + start;
  const char* data = static_cast<const char*>(array.buffers[2]);
  for (int i = 0; i < rows; ++i) {
    texts[count] = data + spans[i].start;
    lengths[count] = spans[i].length;
    count += valid == nullptr || ((valid[i / 64] >> (i % 64)) & 1);
  }
}

void TextBlock::load_each(const ColumnType& type, const ArrowArray& array, int64_t start, int rows,
                          const uint64_t* valid) {
  for (int i = 0; i < rows; ++i) {
    if (valid != nullptr && !((valid[i / 64] >> (i % 64)) & 1)) continue;
    const std::string_view text = load_text(type, array, start + i);
    add(text.data(), text.size(), false);
  }
}

}  // namespace dqm
