// A baseline that is fitted to a window of the past, and fitted again as the past grows.
#pragma once
#include <memory>
#include <vector>

#include "series_learner.h"

namespace dqm {

// Keeps the newest points that may train, and the model fitted to them. Fits happen after fixed numbers of learned
// points, so that a replay fits at the same moments: a point costs the same however long the history is.
class WindowLearner final : public Learner {
 public:
  // adapt_after: anomalous points in a row that are the new normal; 0 for the learner's own rule.
  WindowLearner(Method method, MethodOptions options, ValueKind kind, size_t adapt_after);

  size_t n() const override { return values_.size(); }
  size_t needed() const override { return needed_; }
  Judgement judge(double ts, double value, const Sensitivity& sensitivity) override {
    return model_->judge(ts, value, sensitivity);
  }
  void learn(double ts, double value, bool anomalous, bool left_out) override;
  void restart(const std::vector<double>& ts, const std::vector<double>& values) override;
  Parameters parameters() const override { return model_ ? model_->parameters() : Parameters{}; }
  void write(NumberWriter& out) const override;
  void read(NumberReader& in) override;

 private:
  size_t patience() const;
  size_t pause() const;
  // Points before the first verdict, by what is known of the cadence.
  size_t needed_now() const;
  void fit_when_due();

  Method method_;
  MethodOptions options_;
  ValueKind kind_;
  size_t adapt_after_, needed_, window_;
  std::vector<double> ts_, values_;
  std::vector<double> run_ts_, run_values_;  // the running incident
  size_t since_fit_ = 0;
  std::unique_ptr<Model> model_;
};

}  // namespace dqm
