// A series under watch: settings and learner, point by point or many at once.
#pragma once
#include <memory>

#include "series_learner.h"

namespace dqm {

// Never renumber: callers name them.
enum class BadWhen { kEither = 0, kHigh = 1, kLow = 2 };

// A deviation that does not matter is normal, however certain it is statistically.
struct Relevance {
  BadWhen bad_when = BadWhen::kEither;
  double least_change = 0.0, least_relative = 0.0;

  bool matters(double value, double expected) const;
};

struct SeriesSettings {
  Method method;
  ValueKind kind;
  size_t adapt_after;
  MethodOptions options;
  Sensitivity sensitivity;
  Relevance relevance;
};

// Never renumber: callers name them.
enum class VerdictCode { kLearning = 0, kNormal = 1, kAnomalous = 2 };

// What is said of one point; while learning all but `score` (0) is NaN.
struct PointVerdict {
  double expected, lower, upper, scale, score;
  VerdictCode verdict;
  size_t n, needed;
  Parameters parameters;
};

class SeriesState {
 public:
  // Flags of a point: never learned; learned as normal, whatever the verdict.
  static constexpr unsigned kLeftOut = 1, kAccepted = 2;

  explicit SeriesState(const SeriesSettings& settings);

  size_t n() const { return learner_->n(); }
  size_t needed() const { return learner_->needed(); }
  // NaN is no anomaly (completeness is another check's business); infinity always is.
  PointVerdict judge(double ts, double value);
  // Only finite values are learned.
  void learn(double ts, double value, bool anomalous, bool left_out);
  PointVerdict step(double ts, double value, unsigned flags);
  // Forgets all and fits a history of finite values.
  void restart(const std::vector<double>& ts, const std::vector<double>& values);
  // What is expected at a time, as the verdict on a point that is just as expected.
  PointVerdict band(double ts);
  void write(NumberWriter& out) const { learner_->write(out); }
  void read(NumberReader& in) { learner_->read(in); }

 private:
  Sensitivity sensitivity_;
  Relevance relevance_;
  std::unique_ptr<Learner> learner_;
};

}  // namespace dqm
