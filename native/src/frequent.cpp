#include "frequent.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "text.h"

namespace dqm {
namespace {

constexpr size_t kSlots = 2048;
constexpr size_t kReservedFrom = 16;  // with so many different values there will be more

bool comes_first(const FrequentItem& a, const FrequentItem& b) {
  return a.count != b.count ? a.count > b.count : a.value != b.value ? a.value < b.value : a.hash < b.hash;
}

}  // namespace

void FrequentItems::add(uint64_t hash, std::string_view value, uint64_t weight) {
  if (slots_.empty()) index();
  sampled_weight_ = std::max(sampled_weight_, weight);
  size_t at = (hash >> 32) % kSlots;
  while (slots_[at] != 0) {
    FrequentItem& item = items_[slots_[at] - 1u];
    if (item.hash == hash) {
      item.count += weight;
      return;
    }
    at = (at + 1) % kSlots;
  }
  if (items_.size() == kReservedFrom) items_.reserve(kHeld);
  items_.push_back({hash, weight, std::string(value.substr(0, TextTotals::kKeptBytes))});
  slots_[at] = static_cast<uint16_t>(items_.size());
  if (items_.size() >= kHeld) prune();
}

void FrequentItems::index() {
  slots_.assign(kSlots, 0);
  for (size_t i = 0; i < items_.size(); ++i) {
    size_t at = (items_[i].hash >> 32) % kSlots;
    while (slots_[at] != 0) at = (at + 1) % kSlots;
    slots_[at] = static_cast<uint16_t>(i + 1);
  }
}

// Takes the largest count that is not kept off every count: the error of all grows by that much.
void FrequentItems::prune() {
  if (items_.size() <= kKept) return;
  std::vector<uint64_t> counts;
  for (const FrequentItem& item : items_) counts.push_back(item.count);
  std::nth_element(counts.begin(), counts.begin() + kKept, counts.end(), std::greater<>());
  const uint64_t taken = counts[kKept];
  const auto gone = [taken](const FrequentItem& item) { return item.count <= taken; };
  items_.erase(std::remove_if(items_.begin(), items_.end(), gone), items_.end());
  for (FrequentItem& item : items_) item.count -= taken;
  missed_ += taken;
  index();
}

void FrequentItems::merge(const FrequentItems& other) {
  const uint64_t heaviest_row = std::max(sampled_weight_, other.sampled_weight_);
  for (const FrequentItem& item : other.items_) add(item.hash, item.value, item.count);
  missed_ += other.missed_;
  sampled_weight_ = heaviest_row;
}

void FrequentItems::seal() {
  prune();
  std::sort(items_.begin(), items_.end(), comes_first);
  slots_ = {};
}

double FrequentItems::error_of(const FrequentItem& item) const {
  const double sampling =
      sampled_weight_ > 1 ? 3 * std::sqrt(static_cast<double>(item.count) * static_cast<double>(sampled_weight_)) : 0;
  return static_cast<double>(missed_) + sampling;
}

void FrequentItems::load(std::vector<FrequentItem> items, uint64_t missed, uint64_t sampled_weight) {
  items_ = std::move(items);
  missed_ = missed;
  sampled_weight_ = sampled_weight;
}

}  // namespace dqm
