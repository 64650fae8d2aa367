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

std::vector<double> merge_sorted(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out(a.size() + b.size());
  size_t i = 0;
  size_t j = 0;
  double* to = out.data();
  while (i < a.size() && j < b.size()) {
    const double x = a[i];
    const double y = b[j];
    const bool second = y < x;
    *to++ = second ? y : x;
    j += second;
    i += !second;
  }
  to = std::copy(a.begin() + static_cast<std::ptrdiff_t>(i), a.end(), to);
  std::copy(b.begin() + static_cast<std::ptrdiff_t>(j), b.end(), to);
  return out;
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
    const size_t room = kRun - loose_.size();
    const size_t take = std::min(room, static_cast<size_t>(count));
    loose_.insert(loose_.end(), values, values + take);
    values += take;
    count -= static_cast<int>(take);
    if (loose_.size() == kRun) flush(kernels);
  }
}

void QuantileSketch::flush(const Kernels& kernels) {
  if (loose_.empty()) return;
  kernels.sort(loose_.data(), static_cast<int>(loose_.size()));
  std::vector<double> run;
  run.swap(loose_);
  insert_sorted(static_cast<size_t>(loose_level_), std::move(run));
}

void QuantileSketch::insert_sorted(size_t level, std::vector<double> run) {
  if (levels_.size() <= level) levels_.resize(level + 1);
  std::vector<double>& there = levels_[level];
  if (there.empty()) {
    there = std::move(run);
  } else {
    there = merge_sorted(there, run);
  }
  if (there.size() > kRun) halve(level);
}

// Half of the level's values move one level up, where each counts twice; an odd one out stays.
void QuantileSketch::halve(size_t level) {
  std::vector<double> values;
  values.swap(levels_[level]);
  const uint64_t bit = 1ull << (level % 64);
  const size_t offset = (coins_ & bit) ? 1 : 0;
  coins_ ^= bit;
  if (values.size() % 2 == 1) {
    levels_[level].push_back(offset ? values.back() : values.front());
    values.erase(offset ? values.end() - 1 : values.begin());
  }
  std::vector<double> kept(values.size() / 2);
  for (size_t i = 0; i < kept.size(); ++i) kept[i] = values[2 * i + offset];
  insert_sorted(level + 1, std::move(kept));
}

void QuantileSketch::merge(const Kernels& kernels, const QuantileSketch& other) {
  coins_ ^= other.coins_;
  if (levels_.size() < other.levels_.size()) levels_.resize(other.levels_.size());
  for (size_t level = 0; level < other.levels_.size(); ++level) {
    if (!other.levels_[level].empty()) insert_sorted(level, other.levels_[level]);
  }
  add(kernels, other.loose_level_, other.loose_.data(), static_cast<int>(other.loose_.size()));
}

void QuantileSketch::seal(const Kernels& kernels) {
  flush(kernels);
  loose_.shrink_to_fit();
  for (size_t level = 0; level + 1 < levels_.size(); ++level) {
    if (levels_[level].size() > capacity_at_rest(level, levels_.size() - 1)) halve(level);
  }
}

std::vector<RankedValue> QuantileSketch::ranked() const {
  std::vector<RankedValue> merged;
  std::vector<RankedValue> next;
  for (size_t level = 0; level < levels_.size(); ++level) {
    const std::vector<double>& run = levels_[level];
    if (run.empty()) continue;
    const double weight = std::ldexp(1.0, static_cast<int>(level));
    next.resize(merged.size() + run.size());
    size_t i = 0;
    size_t j = 0;
    for (RankedValue& to : next) {
      const bool from_run = i == merged.size() || (j < run.size() && run[j] < merged[i].value);
      to = from_run ? RankedValue{run[j], weight} : merged[i];
      from_run ? ++j : ++i;
    }
    merged.swap(next);
  }
  double total = 0;
  for (RankedValue& entry : merged) entry.cumulative = total += entry.cumulative;
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
  auto right = static_cast<size_t>(
      std::upper_bound(ranked.begin(), ranked.end(), median, by_value) - ranked.begin());
  size_t left = right;
  double covered = 0;
  double distance = 0;
  while (covered < half) {  // take the nearer neighbour, from the median outwards
    const double below = left > 0 ? median - ranked[left - 1].value : std::numeric_limits<double>::infinity();
    const double above =
        right < ranked.size() ? ranked[right].value - median : std::numeric_limits<double>::infinity();
    const size_t taken = below <= above ? --left : right++;
    distance = std::min(below, above);
    covered += ranked[taken].cumulative - (taken ? ranked[taken - 1].cumulative : 0);
  }
  return distance;
}

}  // namespace dqm
