// Where a text lies in a buffer: the kernel's own layout for text that was read from a file.
#pragma once
#include <cstdint>

namespace dqm {

struct TextSpan {
  uint32_t start, length;
};

}  // namespace dqm
