// Baselines with a Student's t prediction interval: zscore, robust, seasonal.
#pragma once
#include "baseline_model.h"
#include "number_stream.h"

namespace dqm {

// Half width c · scale · √(1 + 1/n), c being the two-sided t quantile with `dof` degrees of freedom: the interval
// for one new observation (Hahn and Meeker, Statistical Intervals, section 4.2), on a judging scale.
class IntervalModel final : public Model {
 public:
  struct Fit {
    double centre, scale, n, dof, cadence;
  };
  IntervalModel(Method method, JudgingScale judging, Fit fit, SeasonShape shape)
      : method_(method), judging_(judging), fit_(fit), shape_(std::move(shape)) {}
  static std::unique_ptr<Model> fit_zscore(const History& history);
  static std::unique_ptr<Model> fit_robust(const History& history, ValueKind kind);
  static std::unique_ptr<Model> fit_seasonal(const History& history, ValueKind kind, double period);
  static std::unique_ptr<Model> read(Method method, NumberReader& in);

  Judgement judge(double ts, double value, const Sensitivity& sensitivity) const override;
  Parameters parameters() const override;
  void write(NumberWriter& out) const override;

 private:
  Method method_;
  JudgingScale judging_;
  Fit fit_;
  SeasonShape shape_;
};

// The device monitor's rule: alarm when a value is at least `drop` below the mean of the previous few. The
// sensitivity does not matter, and rises never alarm.
class ShareDropModel final : public Model {
 public:
  ShareDropModel(double mean, double drop) : mean_(mean), drop_(drop) {}
  static std::unique_ptr<Model> read(NumberReader& in);

  Judgement judge(double ts, double value, const Sensitivity& sensitivity) const override;
  Parameters parameters() const override;
  void write(NumberWriter& out) const override;

 private:
  double mean_, drop_;
};

void write_shape(NumberWriter& out, const SeasonShape& shape);
SeasonShape read_shape(NumberReader& in);

}  // namespace dqm
