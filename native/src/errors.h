// What the kernel throws; the C interface turns it into a message.
#pragma once
#include <stdexcept>
#include <string>

namespace dqm {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace dqm
