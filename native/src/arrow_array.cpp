#include "arrow_array.h"

#include <cmath>
#include <cstring>

#include "errors.h"
#include "text_span.h"

namespace dqm {
namespace {

template <class T>
const T* buffer_at(const ArrowArray& array, int64_t row) {
  return static_cast<const T*>(array.buffers[1]) + array.offset + row;
}

template <class T>
void widen(const ArrowArray& array, int64_t start, int count, double* out) {
  const T* in = buffer_at<T>(array, start);
  for (int i = 0; i < count; ++i) out[i] = static_cast<double>(in[i]);
}

double from_half(uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  double value;
  if (exponent == 31) {
    value = fraction ? std::nan("") : HUGE_VAL;
  } else {
    value = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
  }
  return half & 0x8000 ? -value : value;
}

int128 load_int128(const void* p) {
  int128 value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// 256-bit two's complement as a double: the magnitude's four words, highest first.
double from_int256(const char* p) {
  uint64_t words[4];
  std::memcpy(words, p, sizeof words);
  const bool negative = words[3] >> 63;
  uint64_t carry = negative ? 1 : 0;
  for (uint64_t& word : words) {
    if (!negative) break;
    word = ~word + carry;
    carry = carry && word == 0;
  }
  double value = 0;
  for (int i = 3; i >= 0; --i) value = value * 18446744073709551616.0 + static_cast<double>(words[i]);
  return negative ? -value : value;
}

int64_t load_index(const ColumnType& type, const ArrowArray& array, int64_t row) {
  switch (type.index) {
    case Storage::i8: return *buffer_at<int8_t>(array, row);
    case Storage::u8: return *buffer_at<uint8_t>(array, row);
    case Storage::i16: return *buffer_at<int16_t>(array, row);
    case Storage::u16: return *buffer_at<uint16_t>(array, row);
    case Storage::i32: return *buffer_at<int32_t>(array, row);
    case Storage::u32: return *buffer_at<uint32_t>(array, row);
    default: return *buffer_at<int64_t>(array, row);
  }
}

ColumnType value_type(const ColumnType& type) {
  ColumnType values = type;
  values.index = Storage::none;
  return values;
}

bool row_is_valid(const ArrowArray& array, int64_t row) {
  const auto* bitmap = static_cast<const uint8_t*>(array.buffers[0]);
  const int64_t bit = array.offset + row;
  return bitmap == nullptr || ((bitmap[bit >> 3] >> (bit & 7)) & 1);
}

bool has_nulls(const ArrowArray& array) {
  return array.null_count != 0 && array.n_buffers > 0 && array.buffers[0] != nullptr;
}

bool load_bitmap(const ArrowArray& array, int64_t start, int count, uint64_t* out) {
  if (!has_nulls(array)) return true;
  const auto* bitmap = static_cast<const uint8_t*>(array.buffers[0]);
  bool all = true;
  for (int at = 0; at < count; at += 64) {
    const int bits = count - at < 64 ? count - at : 64;
    out[at / 64] = load_bits(bitmap, array.offset + start + at, bits);
    all = all && out[at / 64] == (bits == 64 ? ~0ull : (1ull << bits) - 1);
  }
  return all;
}

void load_plain(const Kernels& kernels, const ColumnType& type, const ArrowArray& array, int64_t start,
                int count, double* out) {
  switch (type.storage) {
    case Storage::f64: std::memcpy(out, buffer_at<double>(array, start), sizeof(double) * static_cast<size_t>(count)); return;
    case Storage::f32: kernels.widen_f32(buffer_at<float>(array, start), count, out); return;
    case Storage::i64: kernels.widen_i64(buffer_at<int64_t>(array, start), count, out); return;
    case Storage::i32: kernels.widen_i32(buffer_at<int32_t>(array, start), count, out); return;
    case Storage::i16: widen<int16_t>(array, start, count, out); return;
    case Storage::i8: widen<int8_t>(array, start, count, out); return;
    case Storage::u64: widen<uint64_t>(array, start, count, out); return;
    case Storage::u32: widen<uint32_t>(array, start, count, out); return;
    case Storage::u16: widen<uint16_t>(array, start, count, out); return;
    case Storage::u8: widen<uint8_t>(array, start, count, out); return;
    case Storage::f16:
      for (int i = 0; i < count; ++i) out[i] = from_half(buffer_at<uint16_t>(array, start)[i]);
      return;
    case Storage::bits:
      for (int i = 0; i < count; ++i) {
        out[i] = static_cast<double>(load_bits(static_cast<const uint8_t*>(array.buffers[1]),
                                               array.offset + start + i, 1));
      }
      return;
    case Storage::i128: {
      const char* in = static_cast<const char*>(array.buffers[1]) + 16 * (array.offset + start);
      for (int i = 0; i < count; ++i) out[i] = static_cast<double>(load_int128(in + 16 * i));
      return;
    }
    case Storage::i256: {
      const char* in = static_cast<const char*>(array.buffers[1]) + 32 * (array.offset + start);
      for (int i = 0; i < count; ++i) out[i] = from_int256(in + 32 * static_cast<int64_t>(i));
      return;
    }
    default: throw Error("a column that holds no numbers was read as numbers");
  }
}

template <class Offset>
std::string_view text_at(const ArrowArray& array, int64_t row) {
  const Offset* offsets = buffer_at<Offset>(array, row);
  return {static_cast<const char*>(array.buffers[2]) + offsets[0], static_cast<size_t>(offsets[1] - offsets[0])};
}

std::string_view view_at(const ArrowArray& array, int64_t row) {
  const char* view = static_cast<const char*>(array.buffers[1]) + 16 * (array.offset + row);
  int32_t length;
  std::memcpy(&length, view, 4);
  if (length <= 12) return {view + 4, static_cast<size_t>(length)};
  int32_t place[2];  // buffer number, offset in it
  std::memcpy(place, view + 8, 8);
  return {static_cast<const char*>(array.buffers[2 + place[0]]) + place[1], static_cast<size_t>(length)};
}

}  // namespace

uint64_t load_bits(const uint8_t* bitmap, int64_t offset, int count) {
  const uint8_t* from = bitmap + (offset >> 3);
  const int shift = static_cast<int>(offset & 7);
  const int bytes = (shift + count + 7) >> 3;
  uint64_t word = 0;
  std::memcpy(&word, from, static_cast<size_t>(bytes < 8 ? bytes : 8));
  word >>= shift;
  if (bytes == 9) word |= static_cast<uint64_t>(from[8]) << (64 - shift);
  return count == 64 ? word : word & ((1ull << count) - 1);
}

bool load_validity(const ColumnType& type, const ArrowArray& array, int64_t start, int count, uint64_t* out) {
  if (!type.has_validity) return true;
  if (type.logical == LogicalType::null) {
    std::memset(out, 0, sizeof(uint64_t) * static_cast<size_t>((count + 63) / 64));
    return false;
  }
  if (type.index == Storage::none || !has_nulls(*array.dictionary)) return load_bitmap(array, start, count, out);
  bool all = true;  // a dictionary may hold nulls itself
  for (int at = 0; at < count; at += 64) {
    const int bits = count - at < 64 ? count - at : 64;
    uint64_t word = 0;
    for (int i = 0; i < bits; ++i) {
      const int64_t row = start + at + i;
      const bool valid = row_is_valid(array, row) && row_is_valid(*array.dictionary, load_index(type, array, row));
      word |= static_cast<uint64_t>(valid) << i;
    }
    out[at / 64] = word;
    all = all && word == (bits == 64 ? ~0ull : (1ull << bits) - 1);
  }
  return all;
}

const double* load_doubles(const Kernels& kernels, const ColumnType& type, const ArrowArray& array,
                           int64_t start, int count, double* buffer) {
  if (type.index != Storage::none) {
    const ColumnType values = value_type(type);
    for (int i = 0; i < count; ++i) {
      buffer[i] = 0;
      if (!row_is_valid(array, start + i)) continue;
      load_plain(kernels, values, *array.dictionary, load_index(type, array, start + i), 1, buffer + i);
    }
  } else if (type.storage == Storage::f64) {
    return buffer_at<double>(array, start);
  } else {
    load_plain(kernels, type, array, start, count, buffer);
  }
  if (type.multiplier != 1) {
    for (int i = 0; i < count; ++i) buffer[i] *= type.multiplier;
  }
  return buffer;
}

int128 load_integer(const ColumnType& type, const ArrowArray& array, int64_t row) {
  if (type.index != Storage::none) {
    return load_integer(value_type(type), *array.dictionary, load_index(type, array, row));
  }
  switch (type.storage) {
    case Storage::i64: return static_cast<int128>(*buffer_at<int64_t>(array, row)) * type.multiplier;
    case Storage::u64: return *buffer_at<uint64_t>(array, row);
    case Storage::i128:
      return load_int128(static_cast<const char*>(array.buffers[1]) + 16 * (array.offset + row));
    default: throw Error("only 64-bit and 128-bit integers need exact reading");
  }
}

std::string_view load_text(const ColumnType& type, const ArrowArray& array, int64_t row) {
  if (type.index != Storage::none) {
    return load_text(value_type(type), *array.dictionary, load_index(type, array, row));
  }
  switch (type.storage) {
    case Storage::text32: return text_at<int32_t>(array, row);
    case Storage::text64: return text_at<int64_t>(array, row);
    case Storage::text_view: return view_at(array, row);
    case Storage::text_span: {
      const TextSpan span = *buffer_at<TextSpan>(array, row);
      return {static_cast<const char*>(array.buffers[2]) + span.start, span.length};
    }
    case Storage::fixed_binary:
      return {static_cast<const char*>(array.buffers[1]) + type.width * (array.offset + row),
              static_cast<size_t>(type.width)};
    default: throw Error("a column that holds no text was read as text");
  }
}

}  // namespace dqm
