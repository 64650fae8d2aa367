#include "column_type.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "errors.h"

namespace dqm {
namespace {

struct Format {
  char letter;
  LogicalType logical;
  Storage storage;
};

constexpr Format kFormats[] = {
    {'n', LogicalType::null, Storage::none},       {'b', LogicalType::boolean, Storage::bits},
    {'c', LogicalType::integer, Storage::i8},      {'C', LogicalType::integer, Storage::u8},
    {'s', LogicalType::integer, Storage::i16},     {'S', LogicalType::integer, Storage::u16},
    {'i', LogicalType::integer, Storage::i32},     {'I', LogicalType::integer, Storage::u32},
    {'l', LogicalType::integer, Storage::i64},     {'L', LogicalType::integer, Storage::u64},
    {'e', LogicalType::floating, Storage::f16},    {'f', LogicalType::floating, Storage::f32},
    {'g', LogicalType::floating, Storage::f64},    {'u', LogicalType::text, Storage::text32},
    {'U', LogicalType::text, Storage::text64},     {'z', LogicalType::binary, Storage::text32},
    {'Z', LogicalType::binary, Storage::text64},   {'+', LogicalType::nested, Storage::none},
};

int decimals_of_unit(char unit) {
  switch (unit) {
    case 's': return 0;
    case 'm': return 3;
    case 'u': return 6;
    case 'n': return 9;
    default: throw Error(std::string("Arrow time unit '") + unit + "' is not known; use s, ms, us or ns");
  }
}

// Temporal formats: tdD tdm, tts ttm ttu ttn, ts?:zone, tD?, ti? (intervals are not one number).
ColumnType time_type(const char* format) {
  ColumnType type;
  const char unit = format[2];
  switch (format[1]) {
    case 'd':
      type.logical = LogicalType::date;
      type.storage = unit == 'D' ? Storage::i32 : Storage::i64;
      type.multiplier = unit == 'D' ? 86400 : 1;
      type.decimals = unit == 'D' ? 0 : 3;
      return type;
    case 't':
      type.logical = LogicalType::time_of_day;
      type.storage = unit == 's' || unit == 'm' ? Storage::i32 : Storage::i64;
      break;
    case 's':
      type.logical = LogicalType::timestamp;
      type.storage = Storage::i64;
      break;
    case 'D':
      type.logical = LogicalType::duration;
      type.storage = Storage::i64;
      break;
    default:
      type.logical = LogicalType::nested;
      return type;
  }
  type.decimals = static_cast<int8_t>(decimals_of_unit(unit));
  return type;
}

// d:precision,scale[,bits]
ColumnType decimal_type(const char* format) {
  ColumnType type;
  type.logical = LogicalType::decimal;
  const char* scale = std::strchr(format, ',');
  if (scale == nullptr) throw Error(std::string("Arrow decimal format '") + format + "' has no scale");
  const long decimals = std::strtol(scale + 1, nullptr, 10);
  const char* bits_text = std::strchr(scale + 1, ',');
  const long bits = bits_text ? std::strtol(bits_text + 1, nullptr, 10) : 128;
  if (decimals < -76 || decimals > 76) throw Error("a decimal's scale must be from -76 to 76");
  type.decimals = static_cast<int8_t>(decimals);
  switch (bits) {
    case 32: type.storage = Storage::i32; break;
    case 64: type.storage = Storage::i64; break;
    case 128: type.storage = Storage::i128; break;
    case 256: type.storage = Storage::i256; break;
    default: throw Error("decimals of " + std::to_string(bits) + " bits are not known");
  }
  return type;
}

ColumnType plain_type(const char* format) {
  if (format[0] == 't' && format[1] != '\0' && format[2] != '\0') return time_type(format);
  if (format[0] == 'd') return decimal_type(format);
  ColumnType type;
  if (format[0] == 'w') {
    type.logical = LogicalType::binary;
    type.storage = Storage::fixed_binary;
    type.width = static_cast<int32_t>(std::strtol(format + 2, nullptr, 10));
    return type;
  }
  if (format[0] == 'v') {
    type.logical = format[1] == 'u' ? LogicalType::text : LogicalType::binary;
    type.storage = Storage::text_view;
    return type;
  }
  for (const Format& known : kFormats) {
    if (known.letter == format[0]) {
      type.logical = known.logical;
      type.storage = known.storage;
      type.has_validity = !(format[0] == '+' && (format[1] == 'u' || format[1] == 'r'));
      return type;
    }
  }
  throw Error(std::string("Arrow format '") + format + "' is not known; cast the column to a plain type first");
}

}  // namespace

ColumnType column_type(const ArrowSchema& schema) {
  if (schema.format == nullptr) throw Error("the Arrow schema has a column without a format");
  if (schema.dictionary == nullptr) return plain_type(schema.format);
  ColumnType type = plain_type(schema.dictionary->format);
  type.index = plain_type(schema.format).storage;
  if (type.logical == LogicalType::nested) type.index = Storage::none;
  return type;
}

Kind kind_of(LogicalType logical) {
  switch (logical) {
    case LogicalType::null: return Kind::null;
    case LogicalType::boolean: return Kind::boolean;
    case LogicalType::date:
    case LogicalType::timestamp: return Kind::time;
    case LogicalType::text:
    case LogicalType::binary: return Kind::text;
    case LogicalType::nested: return Kind::nested;
    default: return Kind::number;
  }
}

bool is_integral(const ColumnType& type) {
  switch (type.storage) {
    case Storage::i8: case Storage::i16: case Storage::i32: case Storage::i64: case Storage::i128:
    case Storage::u8: case Storage::u16: case Storage::u32: case Storage::u64: return true;
    default: return false;
  }
}

}  // namespace dqm
