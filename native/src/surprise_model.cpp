#include "surprise_model.h"

#include <algorithm>
#include <cmath>

#include "interval_model.h"

namespace dqm {
namespace {

constexpr double kFloorOfShares = 0.0025;

// The smallest β: half the scale of a series that never moved.
double floor_of(ValueKind kind, double level) {
  if (kind == ValueKind::kShare) return kFloorOfShares;
  return 0.5 * JudgingScale(kind).constant_floor(level);
}

double level_of(std::vector<double> values) { return median_of(values); }

}  // namespace

std::unique_ptr<Model> SurpriseModel::fit(const History& history, ValueKind kind) {
  const ValueKind scale = kind == ValueKind::kShare ? kind : ValueKind::kReal;
  std::unique_ptr<SurpriseModel> model(new SurpriseModel(
      history.cadence,
      SurpriseLevels::fit(history, learn_shape(history), floor_of(scale, level_of(history.values)))));
  if (const auto ratios = RatioScale::choose(history.values, kind)) {
    const History scaled{history.ts, ratios->forward(history.values), history.cadence};
    // Whether there is a season, and which, does not depend on the scale.
    const double period = model->distances_.period();
    SeasonShape shape = period > 0.0 ? fit_shape(scaled, scaled.ts.size(), period) : SeasonShape{};
    const double floor = floor_of(ValueKind::kPositive, 0.0);
    model->ratios_ = Ratios{*ratios, SurpriseLevels::fit(scaled, std::move(shape), floor)};
  }
  return model;
}

void SurpriseModel::start(const std::vector<double>& ts, const std::vector<double>& values) {
  distances_.start(ts, values);
  if (ratios_) ratios_->levels.start(ts, ratios_->scale.forward(values));
}

void SurpriseModel::learned(double ts, double value) {
  distances_.learned(ts, value);
  if (ratios_) ratios_->levels.learned(ts, ratios_->scale.forward(value));
}

Judgement SurpriseModel::judge(double ts, double value, const Sensitivity& sensitivity) const {
  const double rarity = -std::log10(sensitivity.tail(cadence_));
  Judgement found = distances_.judge(ts, value, rarity);
  if (!ratios_) return found;
  const double scaled = ratios_->scale.forward(value);
  const Judgement ratio = ratios_->levels.judge(ts, scaled, rarity);
  // The two may expect different things for a while: what is above the one that is shown is no fall.
  const double lowest = std::min(ratios_->scale.backward(ratio.lower), found.expected);
  found.lower = std::max(found.lower, lowest);
  if (scaled < ratio.expected) found.score = std::max(found.score, ratio.score);
  found.anomalous = found.anomalous || value < lowest;
  return found;
}

Parameters SurpriseModel::parameters() const {
  Parameters found{1.0 + static_cast<double>(Method::kEnsemble), {distances_.period()}};
  for (size_t i = 0; i < distances_.levels().size(); ++i) {
    const Surprise& surprise = distances_.levels()[i].surprise;
    found.values[1 + 2 * i] = surprise.above;
    found.values[2 + 2 * i] = surprise.below;
    if (ratios_) found.values[1 + 2 * SurpriseLevels::kLevels + i] = ratios_->levels.levels()[i].surprise.below;
  }
  return found;
}

void SurpriseModel::write(NumberWriter& out) const {
  out.put(static_cast<double>(kFormat));
  out.put(cadence_);
  distances_.write(out);
  out.put(ratios_ ? ratios_->scale.offset() : 0.0);
  if (ratios_) ratios_->levels.write(out);
}

std::unique_ptr<Model> SurpriseModel::read(NumberReader& in, bool with_ratios) {
  const double cadence = in.get();
  std::unique_ptr<SurpriseModel> model(new SurpriseModel(cadence, SurpriseLevels::read(in)));
  const double offset = with_ratios ? in.get() : 0.0;
  if (!(offset >= 0.0)) throw Error("the state is corrupt: its ratios have no scale");
  if (offset > 0.0) {
    model->ratios_ = Ratios{RatioScale(offset), SurpriseLevels::read(in)};
    if (model->ratios_->levels.levels().size() != model->distances_.levels().size()) {
      throw Error("the state is corrupt: two scales of one model differ in their levels");
    }
  }
  return model;
}

}  // namespace dqm
