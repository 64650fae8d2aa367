// Seasonal shape of a series: what the hour of the day or the day of the week adds to its level.
#pragma once
#include <cstddef>
#include <vector>

namespace dqm {

constexpr double kDay = 86'400.0, kWeek = 7 * kDay;

// Additive profile over the phases of one period (seconds); a period of 0 means none.
struct SeasonShape {
  double period = 0.0;
  std::vector<double> profile;  // value to add per slot, median 0 over the history

  double at(double ts) const;
};

// A history that may train: nothing excluded is in it. `cadence` is NaN until three points are known.
struct History {
  std::vector<double> ts, values;
  double cadence;
};

// Median of each slot about the overall median, shrunk towards it by k/(k + 1) for k points in a slot: the
// shrinkage of a random-effects mean whose slot spread equals the noise. Takes the first `n` points.
SeasonShape fit_shape(const History& history, size_t n, double period);
// Day, week or none: the shape learned without the last period must make the robust spread there a quarter
// smaller; the best is learned again from everything.
SeasonShape learn_shape(const History& history);

}  // namespace dqm
