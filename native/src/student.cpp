#include "student.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace dqm {
namespace {

constexpr double kNormalFrom = 10'000.0;

double not_zero(double x) { return x == 0.0 ? 1e-300 : x; }

// Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
double beta_fraction(double a, double b, double x) {
  double c = 1.0, d = 1.0 / std::max(1.0 - (a + b) * x / (a + 1.0), 1e-300), result = d;
  for (int m = 1; m < 300; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0));
    for (const double term : {even, odd}) {
      d = 1.0 / not_zero(1.0 + term * d);
      c = not_zero(1.0 + term / c);
      result *= c * d;
    }
    if (std::abs(c * d - 1.0) < 1e-14) break;
  }
  return result;
}

double bisected(double tail, double dof) {
  double low = -20.0, high = 20.0;
  while (two_sided_tail(std::exp(high), dof) > tail) high *= 2.0;
  while (high - low > 1e-11) {
    const double middle = (low + high) / 2.0;
    (two_sided_tail(std::exp(middle), dof) > tail ? low : high) = middle;
  }
  return std::exp((low + high) / 2.0);
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
  if (x <= 0.0) return 0.0;
  if (x >= 1.0) return 1.0;
  int sign;
  const double front = std::exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(a, b, x) / a;
  return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double two_sided_tail(double t, double dof) {
  if (dof >= kNormalFrom) return std::erfc(t / std::sqrt(2.0));
  return incomplete_beta(dof / 2.0, 0.5, dof / (dof + t * t));
}

double two_sided_quantile(double tail, double dof) {
  // Thousands of series of one cadence and age ask for the same few: the latest answers are kept.
  struct Answer {
    double tail = -1.0, dof = -1.0, quantile = 0.0;
  };
  thread_local std::array<Answer, 1024> answers;
  const double wanted = std::min(dof, kNormalFrom);
  uint64_t bits[2];
  std::memcpy(&bits[0], &tail, sizeof tail);
  std::memcpy(&bits[1], &wanted, sizeof wanted);
  const uint64_t mixed = (bits[0] ^ (bits[1] * 0x9E3779B97F4A7C15u)) * 0xD6E8FEB86659FD93u;
  Answer& answer = answers[mixed >> 54];
  if (answer.tail != tail || answer.dof != wanted) answer = {tail, wanted, bisected(tail, wanted)};
  return answer.quantile;
}

}  // namespace dqm
