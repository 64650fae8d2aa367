// The newest numbers of a stream, kept in order: any rank or neighbour at any time.
#pragma once
#include <cstddef>
#include <deque>
#include <vector>

namespace dqm {

// Numbers lie in sorted blocks of at most kBlock, so that adding one among many thousands moves few.
class SortedWindow {
 public:
  explicit SortedWindow(size_t window) : window_(window) {}

  // Adds a finite number; the oldest is forgotten when there are more than the window.
  void add(double number);
  // The number of the given rank, 0 the smallest.
  double at(size_t rank) const;
  // Quantile by linear interpolation between neighbours (type 7 of Hyndman and Fan).
  double quantile(double q) const;
  // Distance to the nearest number; 0 when there is none.
  double nearest(double number) const;
  size_t size() const { return order_.size(); }
  // Numbers in the order they came.
  std::vector<double> seen() const { return {order_.begin(), order_.end()}; }
  void load(const std::vector<double>& numbers);

 private:
  static constexpr size_t kBlock = 256;

  size_t block_of(double number) const;
  void insert(double number);
  void erase(double number);

  size_t window_;
  std::deque<double> order_;
  std::vector<std::vector<double>> blocks_;
};

}  // namespace dqm
