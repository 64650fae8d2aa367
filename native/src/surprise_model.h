// The default: several expectations of one series at once, each with its own errors as the yardstick.
#pragma once
#include <array>

#include "baseline_model.h"
#include "number_stream.h"
#include "order_statistics.h"

namespace dqm {

// Yardstick of deviations: minus log₁₀ of their tail probability, each side an exponential of its own.
struct Surprise {
  double centre, below, above;
  // Distance of the 95 % quantile (or the 5 % one, if further) as a part of what an exponential would have: 0.78
  // for normal deviations, 1 for exponential ones, more for heavier tails.
  double tail_weight;
};

// Distance from the long level and from two moving medians, after the season, as a root mean square of surprises.
// A spike is far from all of them; a drift or a new level that one has learned already weighs less.
class SurpriseModel final : public Model {
 public:
  // Below so many points quantiles say little, and the robust method is used.
  static constexpr size_t kQuantilesFrom = 30;
  static std::unique_ptr<Model> fit(const History& history, ValueKind kind);
  static std::unique_ptr<Model> read(NumberReader& in);

  Judgement judge(double ts, double value, const Sensitivity& sensitivity) const override;
  Parameters parameters() const override;
  void start(const std::vector<double>& ts, const std::vector<double>& values) override;
  void learned(double ts, double value) override;
  void write(NumberWriter& out) const override;

 private:
  static constexpr size_t kLevels = 3;

  struct Level {
    size_t length;  // points of the moving median; 0: the level of the whole window
    Surprise surprise;
  };
  using Centres = std::array<double, kLevels>;

  double limit(const Sensitivity& sensitivity) const;
  double combined(double value, const Centres& centres) const;
  double upper_edge(const Centres& centres, double limit, bool mirrored) const;

  SeasonShape shape_;
  double cadence_ = 0.0, tail_factor_ = 1.0;
  std::vector<Level> levels_;
  // The newest values less their season, oldest first, and their moving medians per level.
  std::vector<double> rest_;
  std::array<SlidingMedian, kLevels> medians_;
};

}  // namespace dqm
