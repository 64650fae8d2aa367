#include "quantiles.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dqm {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kSmallestRun = 64;

// What a level may hold at rest: the top a whole run, each one below two thirds of the one above.
size_t capacity_at_rest(size_t level, size_t top) {
  double capacity = QuantileSketch::kRun;
  for (size_t i = level; i < top; ++i) capacity *= 2.0 / 3.0;
  return std::max(kSmallestRun, static_cast<size_t>(capacity));
}

// From both ends at once and without branches: neither run can be used up before its half is written.
void merge_equal(const double* a, const double* b, size_t size, double* out) {
  const double* a_end = a + size - 1;
  const double* b_end = b + size - 1;
  double* out_end = out + 2 * size - 1;
  for (size_t i = 0; i < size; ++i) {
    const double x = *a;
    const double y = *b;
    const size_t second = y < x;
    *out++ = y < x ? y : x;
    b += second;
    a += 1 - second;
    const double x_end = *a_end;
    const double y_end = *b_end;
    const size_t first = y_end < x_end;
    *out_end-- = y_end < x_end ? x_end : y_end;
    a_end -= first;
    b_end -= 1 - first;
  }
}

void merge_runs(const double* a, size_t a_size, const double* b, size_t b_size, double* out) {
  if (a_size == b_size && a_size > 0) {
    merge_equal(a, b, a_size, out);
  } else {
    std::merge(a, a + a_size, b, b + b_size, out);
  }
}

// Values of one weight each.
std::vector<RankedValue> evenly_ranked(const std::vector<double>& run, double weight) {
  std::vector<RankedValue> ranked(run.size());
  for (size_t i = 0; i < run.size(); ++i) ranked[i] = {run[i], weight * static_cast<double>(i + 1)};
  return ranked;
}

// Both in order; of equal values those that were ranked come first. Weights are whole, so that sums have no rounding.
void merge_ranked(const std::vector<RankedValue>& ranked, const std::vector<double>& run, double weight,
                  std::vector<RankedValue>& out) {
  out.resize(ranked.size() + run.size());
  size_t i = 0;
  size_t j = 0;
  for (RankedValue& to : out) {
    const bool from_run = i == ranked.size() || (j < run.size() && run[j] < ranked[i].value);
    to.value = from_run ? run[j] : ranked[i].value;
    from_run ? ++j : ++i;
    to.cumulative = weight * static_cast<double>(j) + (i == 0 ? 0 : ranked[i - 1].cumulative);
  }
}

bool by_weight(const RankedValue& entry, double weight) { return entry.cumulative < weight; }
bool by_value(double value, const RankedValue& entry) { return value < entry.value; }

}  // namespace

void QuantileSketch::add(const Kernels& kernels, int level, const double* values, int count) {
  if (count == 0) return;
  if (level != loose_level_) {
    flush(kernels);
    loose_level_ = level;
  }
  while (count > 0) {
    if (loose_.size() == kRun) flush(kernels);
    const size_t room = kRun - loose_.size();
    const size_t take = std::min(room, static_cast<size_t>(count));
    loose_.insert(loose_.end(), values, values + take);
    values += take;
    count -= static_cast<int>(take);
  }
}

void QuantileSketch::flush(const Kernels& kernels) {
  if (loose_.empty()) return;
  kernels.sort(loose_.data(), static_cast<int>(loose_.size()));
  insert_sorted(static_cast<size_t>(loose_level_), loose_.data(), loose_.size(), kRun);
  loose_.clear();
}

// Merges a sorted run into a level. A level that then holds `most` values or more is halved: half of its
// values move one level up, where each counts twice; an odd one out stays.
void QuantileSketch::insert_sorted(size_t level, const double* run, size_t size, size_t most) {
  thread_local double scratch[2][2 * kRun];
  for (int side = 0; size > 0; side = 1 - side, ++level) {
    if (levels_.size() <= level) levels_.resize(level + 1);
    std::vector<double>& there = levels_[level];
    const size_t total = there.size() + size;
    if (total < most && there.empty()) {
      there.assign(run, run + size);
      return;
    }
    double* merged = scratch[side];
    merge_runs(there.data(), there.size(), run, size, merged);
    if (total < most) {
      there.assign(merged, merged + total);
      return;
    }
    there.clear();
    size = halve(level, merged, total);
    run = merged;
    most = kRun;
  }
}

// Keeps every other value of the sorted run in its front; returns how many.
size_t QuantileSketch::halve(size_t level, double* run, size_t size) {
  const uint64_t bit = 1ull << (level % 64);
  const size_t offset = (coins_ & bit) ? 1 : 0;
  coins_ ^= bit;
  const bool odd = size % 2 == 1;
  if (odd) levels_[level].push_back(offset ? run[size - 1] : run[0]);
  const double* from = run + (odd && !offset ? 1 : 0);
  for (size_t i = 0; i < size / 2; ++i) run[i] = from[2 * i + offset];
  return size / 2;
}

void QuantileSketch::merge(const Kernels& kernels, const QuantileSketch& other) {
  coins_ ^= other.coins_;
  if (levels_.size() < other.levels_.size()) levels_.resize(other.levels_.size());
  for (size_t level = 0; level < other.levels_.size(); ++level) {
    insert_sorted(level, other.levels_[level].data(), other.levels_[level].size(), kRun);
  }
  add(kernels, other.loose_level_, other.loose_.data(), static_cast<int>(other.loose_.size()));
}

void QuantileSketch::seal(const Kernels& kernels) {
  if (!loose_.empty()) {
    kernels.sort(loose_.data(), static_cast<int>(loose_.size()));
    insert_sorted(static_cast<size_t>(loose_level_), loose_.data(), loose_.size(), kRun + 1);
    loose_ = {};
  }
  for (size_t level = 0; level + 1 < levels_.size(); ++level) {
    const size_t most = capacity_at_rest(level, levels_.size() - 1);
    if (levels_[level].size() <= most) continue;
    std::vector<double> run;
    run.swap(levels_[level]);
    insert_sorted(level, run.data(), run.size(), most);
  }
}

std::vector<RankedValue> QuantileSketch::ranked() const {
  std::vector<RankedValue> merged;
  std::vector<RankedValue> next;
  for (size_t level = 0; level < levels_.size(); ++level) {
    const std::vector<double>& run = levels_[level];
    if (run.empty()) continue;
    const double weight = std::ldexp(1.0, static_cast<int>(level));
    if (merged.empty()) {
      merged = evenly_ranked(run, weight);
      continue;
    }
    merge_ranked(merged, run, weight, next);
    merged.swap(next);
  }
  return merged;
}

void QuantileSketch::load(std::vector<std::vector<double>> levels, uint64_t coins) {
  levels_ = std::move(levels);
  coins_ = coins;
}

double value_at(const std::vector<RankedValue>& ranked, double q) {
  if (ranked.empty() || !(q >= 0 && q <= 1)) return kNaN;
  const double weight = q * ranked.back().cumulative;
  const auto at = std::lower_bound(ranked.begin(), ranked.end(), weight, by_weight);
  return at == ranked.end() ? ranked.back().value : at->value;
}

double share_at(const std::vector<RankedValue>& ranked, double value) {
  if (ranked.empty()) return kNaN;
  const auto above = std::upper_bound(ranked.begin(), ranked.end(), value, by_value);
  return above == ranked.begin() ? 0 : (above - 1)->cumulative / ranked.back().cumulative;
}

double median_absolute_deviation(const std::vector<RankedValue>& ranked) {
  if (ranked.empty()) return kNaN;
  const double median = value_at(ranked, 0.5);
  const double half = 0.5 * ranked.back().cumulative;
  const auto begin = ranked.begin();
  const auto right = std::upper_bound(begin, ranked.end(), median, by_value);
  // Whether half of the weight lies no further than `distance` from the median.
  const auto covers = [&](double distance) {
    const auto is_beyond = [=](const RankedValue& entry) { return median - entry.value > distance; };
    const auto is_within = [=](const RankedValue& entry) { return entry.value - median <= distance; };
    const auto first = std::partition_point(begin, right, is_beyond);
    const auto last = std::partition_point(right, ranked.end(), is_within);
    if (first == last) return false;
    return (last - 1)->cumulative - (first == begin ? 0 : (first - 1)->cumulative) >= half;
  };
  // The nearest value below for which it does, and the nearest one above.
  const auto below = std::partition_point(begin, right, [&](const RankedValue& e) { return covers(median - e.value); });
  const auto above =
      std::partition_point(right, ranked.end(), [&](const RankedValue& e) { return !covers(e.value - median); });
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return std::min(below == begin ? kInfinity : median - (below - 1)->value,
                  above == ranked.end() ? kInfinity : above->value - median);
}

}  // namespace dqm
