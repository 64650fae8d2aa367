// Several expectations of one series on one scale, each with its own errors as the yardstick.
#pragma once
#include <array>
#include <vector>

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
class SurpriseLevels {
 public:
  // Below so many points quantiles say little.
  static constexpr size_t kQuantilesFrom = 30;
  static constexpr size_t kLevels = 3;

  struct Level {
    size_t length;  // points of the moving median; 0: the level of the whole window
    Surprise surprise;
  };

  // `shape`: the season of the history; `floor`: the smallest β.
  static SurpriseLevels fit(const History& history, SeasonShape shape, double floor);
  static SurpriseLevels read(NumberReader& in);

  // The newest learned points, once after the fit (at least those that the longest level needs), then each one.
  void start(const std::vector<double>& ts, const std::vector<double>& values);
  void learned(double ts, double value);
  // `rarity`: minus log₁₀ of the wanted probability of a false alert.
  Judgement judge(double ts, double value, double rarity) const;

  double period() const { return shape_.period; }
  const std::vector<Level>& levels() const { return levels_; }
  size_t longest() const { return levels_.back().length; }
  void write(NumberWriter& out) const;

 private:
  using Centres = std::array<double, kLevels>;

  double combined(double value, const Centres& centres) const;
  double upper_edge(const Centres& centres, double limit, bool mirrored) const;

  SeasonShape shape_;
  double tail_factor_ = 1.0;
  std::vector<Level> levels_;
  // The newest values less their season, oldest first, and their moving medians per level.
  std::vector<double> rest_;
  std::array<SlidingMedian, kLevels> medians_;
};

}  // namespace dqm
