#include "judging_scale.h"

#include <algorithm>
#include <cmath>

#include "order_statistics.h"

namespace dqm {
namespace {

// Values of one sign that span more than this ratio (5th to 95th percentile) are judged on a log scale.
constexpr double kLogFromRatio = 8.0;
constexpr double kMany = 30.0, kLargeCount = 1000.0;
constexpr double kHalfPi = 1.5707963267948966;
constexpr double kAnscombe = 0.375;
constexpr double kLowestLog = -690.0;

bool spans_wide_ratio(const std::vector<double>& values) {
  std::vector<double> sorted(values);
  std::sort(sorted.begin(), sorted.end());
  return sorted_quantile(sorted, 0.95) / sorted_quantile(sorted, 0.05) > kLogFromRatio;
}

}  // namespace

double JudgingScale::forward(double x) const {
  switch (kind_) {
    case ValueKind::kCount: {
      const double root = std::sqrt(std::abs(x) + kAnscombe) - std::sqrt(kAnscombe);
      return x > 0 ? root : x < 0 ? -root : 0.0;
    }
    case ValueKind::kShare:
      return std::asin(std::sqrt(std::clamp(x, 0.0, 1.0))) + (x > 1 ? x - 1 : std::min(x, 0.0));
    case ValueKind::kPositive:
      return x > 0 ? std::log(std::max(x, 1e-300)) : kLowestLog + std::min(x, 0.0);
    default:
      return x;
  }
}

double JudgingScale::backward(double y) const {
  switch (kind_) {
    case ValueKind::kCount: {
      const double root = std::max(y + std::sqrt(kAnscombe), 0.0);
      return std::max(root * root - kAnscombe, 0.0);
    }
    case ValueKind::kShare: {
      const double sine = std::sin(std::clamp(y, 0.0, kHalfPi));
      return sine * sine;
    }
    case ValueKind::kPositive:
      return std::exp(std::min(y, 700.0));
    default:
      return y;
  }
}

std::vector<double> JudgingScale::forward(const std::vector<double>& values) const {
  std::vector<double> scaled(values);
  if (kind_ != ValueKind::kReal) {
    for (double& value : scaled) value = forward(value);
  }
  return scaled;
}

double JudgingScale::constant_floor(double level) const {
  switch (kind_) {
    case ValueKind::kCount: {
      const double value = backward(std::abs(level));
      return value < kMany ? 0.5 : 0.0025 * std::sqrt(value);
    }
    case ValueKind::kShare:
      return 0.011;
    case ValueKind::kPositive:
      return 0.005;
    default:
      return std::max(0.005 * std::abs(level), 1e-9);
  }
}

JudgingScale choose_scale(const std::vector<double>& values, ValueKind known) {
  if (known != ValueKind::kUnknown && known != ValueKind::kPositive) return JudgingScale(known);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (known == ValueKind::kUnknown && *low >= 0.0) {
    const bool whole = std::all_of(values.begin(), values.end(), [](double x) { return x == std::nearbyint(x); });
    if (*high <= 1.0 && !whole) return JudgingScale(ValueKind::kShare);
    if (whole) {
      std::vector<double> work(values);
      if (median_of(work) < kLargeCount) return JudgingScale(ValueKind::kCount);
    }
  }
  if (*low > 0.0 && (known == ValueKind::kPositive || spans_wide_ratio(values))) {
    return JudgingScale(ValueKind::kPositive);
  }
  return JudgingScale(ValueKind::kReal);
}

}  // namespace dqm
