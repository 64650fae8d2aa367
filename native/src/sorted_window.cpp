#include "sorted_window.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dqm {

void SortedWindow::add(double number) {
  insert(number);
  order_.push_back(number);
  if (order_.size() > window_) {
    erase(order_.front());
    order_.pop_front();
  }
}

// The first block whose last number is not below `number`; the last block when there is none.
size_t SortedWindow::block_of(double number) const {
  const auto found = std::lower_bound(blocks_.begin(), blocks_.end(), number,
                                      [](const std::vector<double>& block, double x) { return block.back() < x; });
  const auto place = static_cast<size_t>(found - blocks_.begin());
  return std::min(place, blocks_.size() - 1);
}

void SortedWindow::insert(double number) {
  if (blocks_.empty()) {
    blocks_.push_back({number});
    return;
  }
  const size_t place = block_of(number);
  std::vector<double>& block = blocks_[place];
  block.insert(std::lower_bound(block.begin(), block.end(), number), number);
  if (block.size() <= kBlock) return;
  const auto middle = block.begin() + static_cast<std::ptrdiff_t>(block.size() / 2);
  std::vector<double> upper(middle, block.end());
  block.erase(middle, block.end());
  blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(place) + 1, std::move(upper));
}

void SortedWindow::erase(double number) {
  const size_t place = block_of(number);
  std::vector<double>& block = blocks_[place];
  block.erase(std::lower_bound(block.begin(), block.end(), number));
  if (block.empty()) blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(place));
}

double SortedWindow::at(size_t rank) const {
  for (const std::vector<double>& block : blocks_) {
    if (rank < block.size()) return block[rank];
    rank -= block.size();
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double SortedWindow::quantile(double q) const {
  const double place = q * static_cast<double>(size() - 1);
  const auto rank = static_cast<size_t>(place);
  const double low = at(rank);
  if (rank + 1 >= size()) return low;
  return low + (place - static_cast<double>(rank)) * (at(rank + 1) - low);
}

double SortedWindow::nearest(double number) const {
  if (blocks_.empty()) return 0.0;
  const size_t place = block_of(number);
  const std::vector<double>& block = blocks_[place];
  const auto above = std::lower_bound(block.begin(), block.end(), number);
  double distance = std::numeric_limits<double>::infinity();
  if (above != block.end()) distance = std::abs(number - *above);
  if (above != block.begin()) {
    distance = std::min(distance, std::abs(number - *(above - 1)));
  } else if (place > 0) {
    distance = std::min(distance, std::abs(number - blocks_[place - 1].back()));
  }
  return distance;
}

void SortedWindow::load(const std::vector<double>& numbers) {
  order_.assign(numbers.begin(), numbers.end());
  std::vector<double> sorted(numbers);
  std::sort(sorted.begin(), sorted.end());
  blocks_.clear();
  for (size_t start = 0; start < sorted.size(); start += kBlock / 2) {
    const size_t end = std::min(start + kBlock / 2, sorted.size());
    blocks_.emplace_back(sorted.begin() + static_cast<std::ptrdiff_t>(start),
                         sorted.begin() + static_cast<std::ptrdiff_t>(end));
  }
}

}  // namespace dqm
