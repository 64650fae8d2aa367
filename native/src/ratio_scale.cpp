#include "ratio_scale.h"

#include <algorithm>
#include <cmath>

#include "order_statistics.h"

namespace dqm {
namespace {

constexpr double kSmallUsual = 0.05, kOffsetShare = 0.1;
// Below this the offset could vanish.
constexpr double kSmallest = 1e-290;

}  // namespace

std::optional<RatioScale> RatioScale::choose(std::vector<double> values, ValueKind kind) {
  if (kind == ValueKind::kReal || kind == ValueKind::kShare) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double small = sorted_quantile(values, kSmallUsual);
  if (!(small > kSmallest)) return std::nullopt;
  return RatioScale(kOffsetShare * small);
}

double RatioScale::forward(double value) const { return std::log(std::max(value, 0.0) + offset_); }

double RatioScale::backward(double scaled) const { return std::max(std::exp(scaled) - offset_, 0.0); }

std::vector<double> RatioScale::forward(const std::vector<double>& values) const {
  std::vector<double> scaled(values);
  for (double& value : scaled) value = forward(value);
  return scaled;
}

}  // namespace dqm
