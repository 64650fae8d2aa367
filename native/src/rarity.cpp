#include "rarity.h"

#include <algorithm>
#include <cmath>

namespace dqm {
namespace {

constexpr double kBody = 0.90, kShoulder = 0.98;
const double kSlope = std::log((1 - kBody) / (1 - kShoulder));
const double kLn10 = std::log(10.0);
// Numbers that must have been seen before any is called rare.
constexpr size_t kEnough = 30;
constexpr double kHair = 1e-9;

}  // namespace

double Rarity::above(double number) const {
  if (numbers_.size() < kEnough) return 0.0;
  const double body = numbers_.quantile(kBody);
  if (number <= body) return 0.0;
  return bits(number - body, numbers_.quantile(kShoulder) - body, numbers_.at(numbers_.size() - 1) - body, body);
}

double Rarity::below(double number) const {
  if (numbers_.size() < kEnough) return 0.0;
  const double body = numbers_.quantile(1 - kBody);
  if (number >= body) return 0.0;
  return bits(body - number, body - numbers_.quantile(1 - kShoulder), body - numbers_.at(0), body);
}

double Rarity::either(double number) const { return std::max(above(number), below(number)); }

double Rarity::bits(double beyond, double shoulder, double farthest, double body) const {
  const double hair = kHair * std::max(1.0, std::abs(body));
  double beta = shoulder / kSlope;
  if (beta < hair) {
    beta = std::max(farthest / std::log((1 - kBody) * static_cast<double>(numbers_.size()) + 1), hair);
  }
  return (-std::log(1 - kBody) + beyond / beta) / kLn10;
}

}  // namespace dqm
