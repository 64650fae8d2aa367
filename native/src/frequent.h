// The most frequent values of a text column, with an error bound for each count.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dqm {

struct FrequentItem {
  uint64_t hash;
  uint64_t count;
  std::string value;  // cut to TextTotals::kKeptBytes
};

// Misra-Gries counters with the merge of Agarwal et al. (2012), over all rows at first and one in 2^h later.
// A true count lies in [count, count + missed()], give or take the sampling error of the later rows.
class FrequentItems {
 public:
  static constexpr size_t kKept = 128;
  static constexpr size_t kHeld = 512;

  void add(uint64_t hash, std::string_view value, uint64_t weight);
  void merge(const FrequentItems& other);
  void seal();  // prunes and sorts: largest count first

  const std::vector<FrequentItem>& items() const { return items_; }
  // By how much the item's count may be off: what pruning took, and three standard errors of sampling.
  double error_of(const FrequentItem& item) const;
  uint64_t missed() const { return missed_; }
  uint64_t sampled_weight() const { return sampled_weight_; }  // largest weight of one row
  void load(std::vector<FrequentItem> items, uint64_t missed, uint64_t sampled_weight);

 private:
  void prune();
  void index();

  std::vector<FrequentItem> items_;
  std::vector<uint16_t> slots_;  // item number + 1 by hash; 0 is empty
  uint64_t missed_ = 0;
  uint64_t sampled_weight_ = 1;
};

}  // namespace dqm
