#include "window_learner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "number_stream.h"
#include "order_statistics.h"

namespace dqm {
namespace {

// A series that stays anomalous for so many points in a row, or for so large a part of the history if that is
// more, has a new normal: what came before is forgotten.
constexpr size_t kAdaptAfter = 60, kAdaptShare = 16;
// The baseline is fitted again after each point up to here, later after every 1/16 of its window.
constexpr size_t kRefitAlwaysBelow = 64, kRefitShare = 16;
constexpr size_t kCadencePoints = 1000;
constexpr size_t kMostPoints = size_t{1} << 40;

// The ensemble takes no series for known before it has seen it for a day and a quarter: at most as many points as
// its full form needs, at least as many as any verdict.
constexpr double kSeenFor = 1.25 * kDay;
constexpr double kMostNeeded = 30;

struct Extent {
  size_t needed, window;
};

Extent extent_of(Method method, const MethodOptions& options) {
  Extent extent{8, 1000};
  if (method == Method::kSeasonal) extent = {28, 4032};
  if (method == Method::kEnsemble) extent = {8, 4032};
  if (method == Method::kShareDrop) {
    const auto history = static_cast<size_t>(options.history);
    return {history, history};
  }
  if (options.needed > 0.0) extent.needed = static_cast<size_t>(options.needed);
  if (options.window > 0.0) extent.window = static_cast<size_t>(options.window);
  return extent;
}

// Statistics that a fifth of bad points on one side cannot move may see them.
bool withstands_incidents(Method method) { return method == Method::kEnsemble || method == Method::kShareDrop; }

double cadence_of(const std::vector<double>& ts) {
  if (ts.size() < 3) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> steps;
  for (size_t i = ts.size() - std::min(ts.size(), kCadencePoints) + 1; i < ts.size(); ++i) {
    steps.push_back(ts[i] - ts[i - 1]);
  }
  return median_of(steps);
}

}  // namespace

WindowLearner::WindowLearner(Method method, MethodOptions options, ValueKind kind, size_t adapt_after)
    : method_(method), options_(options), kind_(kind), adapt_after_(adapt_after) {
  const Extent extent = extent_of(method, options);
  needed_ = extent.needed;
  window_ = extent.window;
}

void WindowLearner::learn(double ts, double value, bool anomalous, bool left_out) {
  const bool trains = !left_out && (!anomalous || withstands_incidents(method_));
  if (trains) {
    ts_.push_back(ts);
    values_.push_back(value);
    ++since_fit_;
    if (model_) model_->learned(ts, value);
  }
  if (!anomalous) {
    run_ts_.clear();
    run_values_.clear();
  } else {
    run_ts_.push_back(ts);
    run_values_.push_back(value);
    if (run_ts_.size() >= patience()) {
      ts_.swap(run_ts_);
      values_.swap(run_values_);
      run_ts_.clear();
      run_values_.clear();
      since_fit_ = 0;
      model_.reset();
    }
  }
  fit_when_due();
}

void WindowLearner::restart(const std::vector<double>& ts, const std::vector<double>& values) {
  ts_ = ts;
  values_ = values;
  run_ts_.clear();
  run_values_.clear();
  since_fit_ = 0;
  model_.reset();
  fit_when_due();
}

size_t WindowLearner::patience() const {
  return adapt_after_ > 0 ? adapt_after_ : std::max(kAdaptAfter, values_.size() / kAdaptShare);
}

// Points between two fits, by the number of points at the last fit.
size_t WindowLearner::pause() const {
  const size_t n = values_.size() - since_fit_;
  return n < kRefitAlwaysBelow ? 1 : std::min(n, window_) / kRefitShare;
}

size_t WindowLearner::needed_now() const {
  const size_t least = extent_of(method_, options_).needed;
  const double cadence = cadence_of(ts_);
  if (method_ != Method::kEnsemble || options_.needed > 0.0 || !(cadence > 0.0)) return least;
  return std::max(least, static_cast<size_t>(std::min(std::ceil(kSeenFor / cadence), kMostNeeded)));
}

void WindowLearner::fit_when_due() {
  const size_t n = values_.size();
  if (!model_) needed_ = needed_now();
  if (n < needed_ || (model_ && since_fit_ < pause())) return;
  const size_t surplus = n - std::min(n, window_);
  ts_.erase(ts_.begin(), ts_.begin() + static_cast<std::ptrdiff_t>(surplus));
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(surplus));
  History history{std::move(ts_), std::move(values_), 0.0};
  history.cadence = cadence_of(history.ts);
  model_ = fit_model(method_, options_, kind_, history);
  ts_ = std::move(history.ts);
  values_ = std::move(history.values);
  model_->start(ts_, values_);
  since_fit_ = 0;
}

void WindowLearner::write(NumberWriter& out) const {
  for (const auto* numbers : {&ts_, &values_, &run_ts_, &run_values_}) out.put(*numbers);
  out.put({static_cast<double>(needed_), static_cast<double>(since_fit_), model_ ? 1.0 : 0.0});
  if (model_) model_->write(out);
}

void WindowLearner::read(NumberReader& in) {
  for (auto* numbers : {&ts_, &values_, &run_ts_, &run_values_}) *numbers = in.get_finite();
  needed_ = in.get_count(kMostPoints);
  since_fit_ = in.get_count(ts_.size());
  if (ts_.size() != values_.size() || run_ts_.size() != run_values_.size()) {
    throw Error("the state is corrupt: times and values differ in number");
  }
  const bool fitted = in.get_count(1) == 1;
  if (fitted != (values_.size() >= needed_)) throw Error("the state is corrupt: its fit is missing");
  if (!fitted) return;
  model_ = read_model(in);
  model_->start(ts_, values_);
}

}  // namespace dqm
