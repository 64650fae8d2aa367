// For dense telemetry: alarm at what the series has never done before, and less readily after each alarm.
#pragma once
#include <array>
#include <vector>

#include "rarity.h"
#include "series_learner.h"

namespace dqm {

// Error of the smoothed series against the median of the same phase in earlier periods.
class SeasonalError {
 public:
  SeasonalError(double period, size_t periods, size_t keep) : period_(period), periods_(periods), rarity(keep) {}
  // Error of the newest smoothed point; NaN until two earlier periods are known.
  double error(const std::vector<double>& smooth, double newest, double cadence) const;
  // Rarity of an error; 0 if the series has no such season.
  double rate(double error) const;
  // Sees one error, and what it would have been without a season.
  void learn(double error, double plain_error);

 private:
  double period_;
  size_t periods_;

 public:
  Rarity rarity;
  // Sums of absolute errors with and without the season.
  double with_season = 0.0, without = 0.0;
};

// Five signals, each turned into the rarity of what the series has done before: distance of the value from the
// nearest value ever seen; of the mean of the last 12 points from the nearest such mean (not overlapping); spread
// of the last 48; step between the last 12 and the 12 before; error against the season. The threshold follows from
// the wanted false-alert probability and rises after each alarm for a while: a series that alarms more often than
// wanted has to show more. What alarmed once is learned and is no longer new.
class NoveltyLearner final : public Learner {
 public:
  NoveltyLearner();

  size_t n() const override { return count_; }
  size_t needed() const override;
  // There is no band: what is new may lie between what is known.
  Judgement judge(double ts, double value, const Sensitivity& sensitivity) override;
  void learn(double ts, double value, bool anomalous, bool left_out) override;
  void restart(const std::vector<double>& ts, const std::vector<double>& values) override;
  Parameters parameters() const override;
  void write(NumberWriter& out) const override;
  void read(NumberReader& in) override;

 private:
  static constexpr size_t kSignals = 5;
  // All that was worked out about a next point, so that learning it need not do so again.
  struct Glance {
    double value, mean, nearest_value, nearest_mean, spread, step;
    std::array<double, 2> errors;
    std::array<double, kSignals> signals;
  };
  Glance look(double value) const;
  void see(const Glance& glance);
  double tired() const;
  void know_cadence();
  template <class Self, class Each>
  static void for_each_rarity(Self& self, Each each);

  std::vector<double> newest_, means_, early_ts_;
  Rarity values_, old_means_, nearest_, nearest_mean_, spread_, step_;
  std::array<SeasonalError, 2> seasons_;
  size_t count_ = 0;
  double sum_ = 0.0, cadence_, fatigue_ = 0.0, alarmed_at_, interval_ = 1.0;
  bool looked_ = false;
  Glance glance_{};
};

}  // namespace dqm
