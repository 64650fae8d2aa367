// What an Arrow column means to the kernel, and how its buffers are laid out.
#pragma once
#include <cstdint>

#include "dqm_kernel.h"

namespace dqm {

enum class Kind : uint8_t { null = 0, number = 1, boolean = 2, time = 3, text = 4, nested = 5 };

// Written into states: never renumber.
enum class LogicalType : uint8_t {
  null = 0, integer = 1, floating = 2, decimal = 3, boolean = 4, date = 5, timestamp = 6,
  time_of_day = 7, duration = 8, text = 9, binary = 10, nested = 11,
};

enum class Storage : uint8_t {
  none, bits, i8, i16, i32, i64, u8, u16, u32, u64, f16, f32, f64, i128, i256,
  text32, text64, text_view, fixed_binary,
  text_span,  // never Arrow's: see text_span.h; 16 bytes are readable at every text
};

struct ColumnType {
  LogicalType logical = LogicalType::null;
  Storage storage = Storage::none;
  Storage index = Storage::none;  // of a dictionary column; none: not a dictionary
  int8_t decimals = 0;            // a stored tick is 10^-decimals of the unit (of a second, for times)
  int32_t width = 0;              // bytes of one fixed-size binary value
  bool has_validity = true;       // unions and run-end encoded arrays have no validity buffer of their own
  int32_t multiplier = 1;         // ticks per stored integer: 86,400 for days
};

ColumnType column_type(const ArrowSchema& schema);
Kind kind_of(LogicalType logical);
bool is_integral(const ColumnType& type);

}  // namespace dqm
