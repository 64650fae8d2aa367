// The versioned bytes of a column state. native/README.md describes the layout.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "column_state.h"

namespace dqm {

constexpr uint16_t kStateVersion = 1;

// Of a sealed state.
std::vector<uint8_t> write_state(const ColumnState& state);
// Throws Error for bytes that are no state, are damaged, or come from a newer version.
ColumnState read_state(const uint8_t* bytes, size_t size);

}  // namespace dqm
