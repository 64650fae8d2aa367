#include "series_state.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "novelty_learner.h"
#include "window_learner.h"

namespace dqm {
namespace {

// Values are taken as no larger than this, so that no square of them overflows.
constexpr double kLargest = 1e150;

double within_reach(double value) { return std::clamp(value, -kLargest, kLargest); }

std::unique_ptr<Learner> learner_of(const SeriesSettings& settings) {
  if (settings.method == Method::kNovelty) return std::make_unique<NoveltyLearner>();
  return std::make_unique<WindowLearner>(settings.method, settings.options, settings.kind, settings.adapt_after);
}

}  // namespace

bool Relevance::matters(double value, double expected) const {
  const double change = value - expected;
  const bool far = std::abs(change) >= std::max(least_change, least_relative * std::abs(expected));
  return far && (bad_when == BadWhen::kEither || (bad_when == BadWhen::kHigh ? change > 0.0 : change < 0.0));
}

SeriesState::SeriesState(const SeriesSettings& settings)
    : sensitivity_(settings.sensitivity), relevance_(settings.relevance), learner_(learner_of(settings)) {}

PointVerdict SeriesState::judge(double ts, double value) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  if (n() < needed()) return {kNan, kNan, kNan, kNan, 0.0, VerdictCode::kLearning, n(), needed(), {}};
  const bool finite = std::isfinite(value);
  const Judgement found = learner_->judge(ts, finite ? within_reach(value) : 0.0, sensitivity_);
  PointVerdict verdict{found.expected, found.lower, found.upper, found.scale, found.score, VerdictCode::kNormal,
                       n(), needed(), learner_->parameters()};
  if (!finite) verdict.score = std::isinf(value) ? std::numeric_limits<double>::infinity() : 0.0;
  if ((std::isinf(value) || (finite && found.anomalous)) && relevance_.matters(value, found.expected)) {
    verdict.verdict = VerdictCode::kAnomalous;
  }
  return verdict;
}

void SeriesState::learn(double ts, double value, bool anomalous, bool left_out) {
  if (std::isfinite(value)) learner_->learn(ts, within_reach(value), anomalous, left_out);
}

void SeriesState::restart(const std::vector<double>& ts, const std::vector<double>& values) {
  learner_->restart(ts, values);
}

PointVerdict SeriesState::band(double ts) {
  return judge(ts, std::numeric_limits<double>::quiet_NaN());
}

PointVerdict SeriesState::step(double ts, double value, unsigned flags) {
  const PointVerdict verdict = judge(ts, value);
  const bool surprising = verdict.verdict == VerdictCode::kAnomalous && (flags & kAccepted) == 0;
  if ((flags & kLeftOut) == 0) learn(ts, value, surprising, false);
  return verdict;
}

}  // namespace dqm
