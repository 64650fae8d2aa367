#include "novelty_learner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "number_stream.h"
#include "order_statistics.h"
#include "season_shape.h"
#include "student.h"

namespace dqm {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Points that are remembered.
constexpr size_t kKeep = 16'384;
constexpr size_t kNeeded = 64;
// Points of the local mean, and of the local spread.
constexpr size_t kShort = 12, kLong = 48;
// Mean size of the seasonal errors over that of the errors without a season, below which there is a season.
constexpr double kSeasonBelow = 0.5;
constexpr double kFewestPhases = 3;
constexpr size_t kFewestPeriods = 2;
// The threshold lies this much below −log₁₀ of the wanted probability: alarms come in clusters, of which the pause
// and the fatigue leave one.
constexpr double kClusters = 0.5;
// After an alarm the threshold is 30 % higher, falling back over 8 wanted alert intervals; within 6 % of an
// interval there is no second alarm.
constexpr double kFatigue = 0.3, kRecovery = 8.0, kPause = 0.06;
// Norm that combines the signals: near their maximum, with a bonus when several agree.
constexpr double kNorm = 4;
// A value never seen before weighs a little more: it is there at once, and the other signals follow.
constexpr double kValueWeight = 1.15;

double mean_between(const double* from, const double* to) {
  double sum = 0.0;
  for (const double* at = from; at != to; ++at) sum += *at;
  return sum / static_cast<double>(to - from);
}

double combined(const std::array<double, 5>& signals) {
  double sum = 0.0;
  for (const double signal : signals) sum += std::pow(signal, kNorm);
  return std::pow(sum, 1 / kNorm);
}

}  // namespace

double SeasonalError::error(const std::vector<double>& smooth, double newest, double cadence) const {
  if (!(cadence > 0.0)) return kNan;
  const double lag = std::nearbyint(period_ / cadence);
  if (lag < kFewestPhases) return kNan;
  std::vector<double> earlier;
  for (size_t j = 1; j <= periods_; ++j) {
    const double back = lag * static_cast<double>(j);
    if (back > static_cast<double>(smooth.size())) break;
    earlier.push_back(smooth[smooth.size() - static_cast<size_t>(back)]);
  }
  return earlier.size() < kFewestPeriods ? kNan : newest - median_of(earlier);
}

double SeasonalError::rate(double error) const {
  return with_season < kSeasonBelow * without && !std::isnan(error) ? rarity.either(error) : 0.0;
}

void SeasonalError::learn(double error, double plain_error) {
  if (std::isnan(error)) return;
  rarity.add(error);
  with_season += std::abs(error);
  without += std::abs(plain_error);
}

NoveltyLearner::NoveltyLearner()
    : values_(kKeep), old_means_(kKeep), nearest_(kKeep), nearest_mean_(kKeep), spread_(kKeep), step_(kKeep),
      seasons_{SeasonalError(kDay, 7, kKeep), SeasonalError(kWeek, 4, kKeep)}, cadence_(kNan),
      alarmed_at_(-kInfinity) {}

size_t NoveltyLearner::needed() const { return kNeeded; }

Judgement NoveltyLearner::judge(double, double value, const Sensitivity& sensitivity) {
  const double tail = sensitivity.tail(cadence_);
  interval_ = 1.0 / tail;
  glance_ = look(value);
  looked_ = true;
  const double limit = (-std::log10(tail) - kClusters) * (1.0 + kFatigue * tired());
  const double score = combined(glance_.signals);
  const bool rested = static_cast<double>(count_) - alarmed_at_ >= kPause * interval_;
  const double expected = mean_between(newest_.data() + newest_.size() - kShort, newest_.data() + newest_.size());
  return {expected, -kInfinity, kInfinity, glance_.spread, score, score > limit && rested};
}

void NoveltyLearner::learn(double ts, double value, bool anomalous, bool left_out) {
  if (left_out) return;
  if (!looked_ || glance_.value != value) glance_ = look(value);
  looked_ = false;
  if (anomalous) {
    fatigue_ = tired() + 1.0;
    alarmed_at_ = static_cast<double>(count_);
  }
  if (count_ < kNeeded) {
    early_ts_.push_back(ts);
    know_cadence();
  }
  see(glance_);
}

void NoveltyLearner::restart(const std::vector<double>& ts, const std::vector<double>& values) {
  *this = NoveltyLearner();
  for (size_t i = 0; i < ts.size(); ++i) learn(ts[i], values[i], false, false);
}

void NoveltyLearner::see(const Glance& glance) {
  values_.add(glance.value);
  if (count_ >= 2 * kShort) {
    nearest_mean_.add(glance.nearest_mean);
    step_.add(glance.step);
  }
  if (count_ > 0) nearest_.add(glance.nearest_value);
  if (count_ >= kLong) spread_.add(glance.spread);
  sum_ += glance.mean;
  for (size_t i = 0; i < seasons_.size(); ++i) {
    seasons_[i].learn(glance.errors[i], glance.mean - sum_ / (static_cast<double>(count_) + 1.0));
  }
  if (newest_.size() == kLong) newest_.erase(newest_.begin());
  newest_.push_back(glance.value);
  means_.push_back(glance.mean);
  // The next local mean begins right after this one ends.
  if (count_ >= 2 * kShort - 1) old_means_.add(means_[means_.size() - kShort]);
  if (means_.size() > 2 * kKeep) means_.erase(means_.begin(), means_.end() - static_cast<std::ptrdiff_t>(kKeep));
  ++count_;
}

NoveltyLearner::Glance NoveltyLearner::look(double value) const {
  std::vector<double> newest(newest_);
  newest.push_back(value);
  const double* end = newest.data() + newest.size();
  const size_t kept = std::min(newest.size(), kLong), last = std::min(newest.size(), kShort);
  Glance glance{};
  glance.value = value;
  glance.mean = mean_between(end - last, end);
  if (newest.size() >= 2 * kShort) glance.step = glance.mean - mean_between(end - 2 * kShort, end - kShort);
  const double centre = mean_between(end - kept, end);
  double squares = 0.0;
  for (const double* at = end - kept; at != end; ++at) squares += (*at - centre) * (*at - centre);
  glance.spread = std::sqrt(squares / static_cast<double>(kept));
  glance.nearest_value = values_.nearest(value);
  glance.nearest_mean = old_means_.nearest(glance.mean);
  double season = 0.0;
  for (size_t i = 0; i < seasons_.size(); ++i) {
    glance.errors[i] = seasons_[i].error(means_, glance.mean, cadence_);
    season = std::max(season, seasons_[i].rate(glance.errors[i]));
  }
  glance.signals = {kValueWeight * nearest_.above(glance.nearest_value), nearest_mean_.above(glance.nearest_mean),
                    spread_.either(glance.spread), step_.either(glance.step), season};
  return glance;
}

// What is left of the fatigue from earlier alarms.
double NoveltyLearner::tired() const {
  if (fatigue_ == 0.0) return 0.0;
  return fatigue_ * std::exp(-(static_cast<double>(count_) - alarmed_at_) / (kRecovery * interval_));
}

void NoveltyLearner::know_cadence() {
  if (early_ts_.size() != kNeeded) return;
  std::vector<double> steps;
  for (size_t i = 1; i < early_ts_.size(); ++i) steps.push_back(early_ts_[i] - early_ts_[i - 1]);
  cadence_ = median_of(steps);
}

Parameters NoveltyLearner::parameters() const {
  if (!looked_) return {};
  Parameters found{1.0 + static_cast<double>(Method::kNovelty)};
  std::copy(glance_.signals.begin(), glance_.signals.end(), found.values);
  found.values[kSignals] = tired();
  return found;
}

template <class Self, class Each>
void NoveltyLearner::for_each_rarity(Self& self, Each each) {
  for (auto* rarity : {&self.values_, &self.old_means_, &self.nearest_, &self.nearest_mean_, &self.spread_,
                       &self.step_, &self.seasons_[0].rarity, &self.seasons_[1].rarity}) {
    each(*rarity);
  }
}

void NoveltyLearner::write(NumberWriter& out) const {
  for (const auto* numbers : {&newest_, &means_, &early_ts_}) out.put(*numbers);
  out.put({static_cast<double>(count_), sum_, fatigue_, alarmed_at_, interval_});
  for (const SeasonalError& season : seasons_) out.put({season.with_season, season.without});
  for_each_rarity(*this, [&](const Rarity& rarity) { out.put(rarity.seen()); });
}

void NoveltyLearner::read(NumberReader& in) {
  for (auto* numbers : {&newest_, &means_, &early_ts_}) *numbers = in.get_finite();
  count_ = in.get_count(size_t{1} << 52);
  for (double* number : {&sum_, &fatigue_, &alarmed_at_, &interval_}) *number = in.get();
  for (SeasonalError& season : seasons_) {
    season.with_season = in.get();
    season.without = in.get();
  }
  for_each_rarity(*this, [&](Rarity& rarity) { rarity.load(in.get_finite()); });
  if (newest_.size() != std::min(count_, kLong) || means_.size() < newest_.size()) {
    throw Error("the state is corrupt: its newest points are missing");
  }
  know_cadence();
}

}  // namespace dqm
