#include "interval_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "order_statistics.h"
#include "student.h"

namespace dqm {
namespace {

// Spread of values that only differ by less than this; keeps scores finite.
constexpr double kSmallest = 1e-150;
// A drop that is 15 % but for the rounding of floating point is 15 %.
constexpr double kRounding = 1e-12;
constexpr size_t kMostSlots = 100'000;

}  // namespace

std::unique_ptr<Model> IntervalModel::fit_zscore(const History& history) {
  const JudgingScale plain(ValueKind::kReal);
  const double mean = mean_of(history.values), deviation = deviation_of(history.values, mean);
  const double scale = deviation > 0.0 ? deviation : plain.constant_floor(mean);
  const auto n = static_cast<double>(history.values.size());
  return std::make_unique<IntervalModel>(Method::kZScore, plain, Fit{mean, scale, n, n - 1.0, history.cadence},
                                         SeasonShape{});
}

std::unique_ptr<Model> IntervalModel::fit_robust(const History& history, ValueKind kind) {
  const JudgingScale judging = choose_scale(history.values, kind);
  const Spread spread = robust_spread(judging.forward(history.values));
  const double scale = spread.scale > 0.0 ? spread.scale : judging.constant_floor(spread.centre);
  return std::make_unique<IntervalModel>(
      Method::kRobust, judging, Fit{spread.centre, scale, spread.n, spread.degrees_of_freedom(), history.cadence},
      SeasonShape{});
}

std::unique_ptr<Model> IntervalModel::fit_seasonal(const History& history, ValueKind kind, double period) {
  const JudgingScale judging = choose_scale(history.values, kind);
  History scaled{history.ts, judging.forward(history.values), history.cadence};
  SeasonShape shape;
  if (period > 0.0) {
    if (!(scaled.cadence > 0.0)) scaled.cadence = period / 24;
    shape = fit_shape(scaled, scaled.ts.size(), period);
  } else {
    shape = learn_shape(scaled);
  }
  for (size_t i = 0; i < scaled.values.size(); ++i) scaled.values[i] -= shape.at(scaled.ts[i]);
  const Spread spread = robust_spread(scaled.values);
  const double slots = shape.period > 0.0 ? static_cast<double>(shape.profile.size()) : 1.0;
  const double per_slot = std::max(spread.n / slots, 2.0);
  // The shape was fitted to these very points: each slot used up one degree of freedom.
  double scale = shape.period > 0.0 ? spread.scale * std::sqrt(per_slot / (per_slot - 1.0)) : spread.scale;
  if (scale == 0.0) scale = judging.constant_floor(spread.centre);
  const Fit fit{spread.centre, scale, shape.period > 0.0 ? per_slot : spread.n, std::max(spread.n - slots, 3.0),
                history.cadence};
  return std::make_unique<IntervalModel>(Method::kSeasonal, judging, fit, std::move(shape));
}

Judgement IntervalModel::judge(double ts, double value, const Sensitivity& sensitivity) const {
  const double spread = std::max(fit_.scale * std::sqrt(1.0 + 1.0 / fit_.n), kSmallest);
  const double threshold = sensitivity.threshold(fit_.cadence, fit_.dof);
  const double centre = fit_.centre + shape_.at(ts);
  const double score = std::abs(judging_.forward(value) - centre) / spread;
  return {judging_.backward(centre),
          judging_.backward(centre - threshold * spread),
          judging_.backward(centre + threshold * spread),
          spread,
          score,
          score > threshold};
}

Parameters IntervalModel::parameters() const {
  return {1.0 + static_cast<double>(method_),
          {fit_.centre, fit_.scale, shape_.period, static_cast<double>(judging_.kind())}};
}

void IntervalModel::write(NumberWriter& out) const {
  out.put(static_cast<double>(method_));
  out.put({static_cast<double>(judging_.kind()), fit_.centre, fit_.scale, fit_.n, fit_.dof, fit_.cadence});
  write_shape(out, shape_);
}

std::unique_ptr<Model> IntervalModel::read(Method method, NumberReader& in) {
  const JudgingScale judging(static_cast<ValueKind>(in.get_count(4)));
  Fit fit{};
  for (double* number : {&fit.centre, &fit.scale, &fit.n, &fit.dof, &fit.cadence}) *number = in.get();
  return std::make_unique<IntervalModel>(method, judging, fit, read_shape(in));
}

Judgement ShareDropModel::judge(double, double value, const Sensitivity&) const {
  const double allowed = std::abs(mean_) * drop_;
  const double below = std::max(mean_ - value, 0.0);
  const bool possible = allowed > kSmallest;  // no drop can be told from less
  return {mean_,   mean_ - allowed,
          std::numeric_limits<double>::infinity(),
          allowed, possible ? below / allowed : 0.0,
          possible && below >= allowed * (1.0 - kRounding)};
}

Parameters ShareDropModel::parameters() const {
  return {1.0 + static_cast<double>(Method::kShareDrop), {mean_, drop_}};
}

void ShareDropModel::write(NumberWriter& out) const {
  out.put(static_cast<double>(Method::kShareDrop));
  out.put({mean_, drop_});
}

std::unique_ptr<Model> ShareDropModel::read(NumberReader& in) {
  const double mean = in.get();
  return std::make_unique<ShareDropModel>(mean, in.get());
}

void write_shape(NumberWriter& out, const SeasonShape& shape) {
  out.put(shape.period);
  out.put(shape.profile);
}

SeasonShape read_shape(NumberReader& in) {
  SeasonShape shape{in.get(), in.get_finite()};
  if (!(shape.period >= 0.0) || shape.profile.size() > kMostSlots ||
      (shape.period > 0.0 && shape.profile.empty())) {
    throw Error("the state is corrupt: its season has no shape");
  }
  return shape;
}

}  // namespace dqm
