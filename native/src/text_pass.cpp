// Text and binary columns, a few hundred rows at a time.
#include <algorithm>

#include "hash.h"
#include "passes.h"
#include "text_block.h"

namespace dqm {
namespace {

// The leading 16 bytes as two big-endian words, zero behind the end.
void leading_words(std::string_view text, uint64_t& low, uint64_t& high) {
  const auto size = static_cast<int64_t>(text.size());
  low = __builtin_bswap64(load_word(text.data(), std::min<int64_t>(size, 8)));
  high = size > 8 ? __builtin_bswap64(load_word(text.data() + 8, std::min<int64_t>(size - 8, 8))) : 0;
}

class TextPass {
 public:
  TextPass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
           MorselRecord& record)
      : kernels_(kernels()),
        type_(type),
        sketched_(options.sketched),
        in_bytes_(type.logical == LogicalType::binary),
        level_(sample_level(morsel.first_row, kFrequentSampleBits)),
        row_(morsel.first_row),
        morsel_(morsel),
        totals_(totals),
        ordered_(record.ordered) {}

  void run() {
    for (const Piece& piece : morsel_.pieces) {
      for (int64_t row = 0; row < piece.rows; row += kTextRows) {
        add_rows(*piece.array, piece.start + row, static_cast<int>(std::min<int64_t>(kTextRows, piece.rows - row)));
      }
    }
  }

 private:
  void add_rows(const ArrowArray& array, int64_t start, int rows) {
    block_.load(type_, array, start, rows);
    totals_.rows += rows;
    totals_.nulls += rows - block_.count;
    if (block_.count > 0) {
      kernels_.text_words(block_.texts, block_.lengths, block_.count, low_, high_);
      add_lengths();
      hash();
      add_order();
      add_sequence();
      if (sketched_) totals_.distinct.add_hashes(hashes_, block_.count);
    }
    if (sketched_) add_frequent(array, start, rows);
    row_ += static_cast<uint64_t>(rows);
  }

  void hash() {
    kernels_.text_hashes(low_, high_, block_.lengths, block_.count, hashes_);
    if (longest_ <= 16) return;
    for (int i = 0; i < block_.count; ++i) {
      if (block_.lengths[i] > 16) {
        hashes_[i] = hash_long_text(block_.texts[i], static_cast<int64_t>(block_.lengths[i]));
      }
    }
  }

  void add_lengths() {
    TextTotals& text = totals_.text;
    uint64_t sum = 0;
    uint64_t squares = 0;
    uint64_t shortest = ~uint64_t{0};
    uint64_t blank_or_empty = 0;
    longest_ = 0;
    for (int i = 0; i < block_.count; ++i) {
      const uint64_t length = block_.lengths[i];
      sum += length;
      squares += length * length;
      shortest = std::min(shortest, length);
      longest_ = std::max(longest_, length);
      blank_or_empty |= (low_[i] & 255) <= ' ';
    }
    if (blank_or_empty) count_blanks();
    if (longest_ >= kLongText || !counts_as_bytes()) {
      for (int i = 0; i < block_.count; ++i) {
        text.add_length(in_bytes_ ? block_.lengths[i]
                                  : count_characters(block_.texts[i], static_cast<int64_t>(block_.lengths[i])));
      }
      return;
    }
    text.count += block_.count;
    text.length_sum += sum;
    text.length_squares += squares;
    text.shortest = std::min(text.shortest, shortest);
    text.longest = std::max(text.longest, longest_);
  }

  bool counts_as_bytes() const {
    if (in_bytes_) return true;
    if (block_.bytes != nullptr) return kernels_.is_ascii(block_.bytes, block_.byte_count);
    uint64_t bits = 0;
    for (int i = 0; i < block_.count; ++i) bits |= low_[i] | high_[i];
    if (bits & 0x8080808080808080ull) return false;
    for (int i = 0; i < block_.count && longest_ > 16; ++i) {
      if (!kernels_.is_ascii(block_.texts[i], static_cast<int64_t>(block_.lengths[i]))) return false;
    }
    return true;
  }

  void count_blanks() {
    TextTotals& text = totals_.text;
    for (int i = 0; i < block_.count; ++i) {
      if ((low_[i] & 255) > ' ') continue;
      text.empty += block_.lengths[i] == 0;
      text.blank += is_blank(block_.texts[i], static_cast<int64_t>(block_.lengths[i]));
    }
  }

  // Compares the leading bytes of all, and in full only those that may come first or last.
  void add_order() {
    TextTotals& text = totals_.text;
    int i = 0;
    if (!text.any) {
      text.add_order(value(i++));
      update_bounds();
    }
    if (!bounds_known_) update_bounds();
    uint8_t candidates[kTextRows];
    if (!kernels_.text_order(low_, high_, hashes_, block_.count, bounds_, candidates)) return;
    for (; i < block_.count; ++i) {
      if (candidates[i] == 0) continue;
      text.add_order(value(i));
      update_bounds();
    }
  }

  void update_bounds() {
    leading_words(totals_.text.first, bounds_.first_low, bounds_.first_high);
    leading_words(totals_.text.last, bounds_.last_low, bounds_.last_high);
    bounds_.first_hash = hash_text(totals_.text.first.data(), static_cast<int64_t>(totals_.text.first.size()));
    bounds_.last_hash = hash_text(totals_.text.last.data(), static_cast<int64_t>(totals_.text.last.size()));
    bounds_known_ = true;
  }

  std::string_view value(int i) const { return {block_.texts[i], block_.lengths[i]}; }

  void add_sequence() {
    Sequence& sequence = ordered_.sequence;
    const bool first = sequence.count == 0;
    if (first) sequence.first_identity = hashes_[0];
    uint64_t equal[kTextRows / 64];
    const uint64_t previous = first ? ~hashes_[0] : sequence.last_identity;
    if (kernels_.equal_words(hashes_, block_.count, previous, equal)) {
      sequence.repeats = true;
      sequence.add_block(equal, block_.count);
    } else {
      sequence.add_block(block_.count);
    }
    sequence.last_identity = hashes_[block_.count - 1];
  }

  // All rows at first, later one in 2^level, picked by its number in the data.
  void add_frequent(const ArrowArray& array, int64_t start, int rows) {
    if (level_ == 0) {
      for (int i = 0; i < block_.count; ++i) ordered_.frequent.add(hashes_[i], value(i), 1);
      return;
    }
    const uint64_t end = row_ + static_cast<uint64_t>(rows);
    const uint64_t mask = (1ull << level_) - 1;
    for (uint64_t group = row_ >> level_; (group << level_) < end; ++group) {
      const uint64_t row = (group << level_) + (mix_bits(group + 1) >> 32 & mask);
      if (row < row_ || row >= end) continue;
      const int64_t at = start + static_cast<int64_t>(row - row_);
      uint64_t bit = 1;
      if (!load_validity(type_, array, at, 1, &bit) && !(bit & 1)) continue;
      const std::string_view text = load_text(type_, array, at);
      ordered_.frequent.add(hash_text(text.data(), static_cast<int64_t>(text.size())), text, 1ull << level_);
    }
  }

  static constexpr uint64_t kLongText = 1 << 24;  // squares of shorter ones add up in 64 bits

  const Kernels& kernels_;
  const ColumnType& type_;
  const bool sketched_;
  const bool in_bytes_;
  const int level_;
  uint64_t row_;
  const Morsel& morsel_;
  AnyOrder& totals_;
  InOrder& ordered_;
  TextBlock block_;
  uint64_t low_[kTextRows], high_[kTextRows], hashes_[kTextRows];
  uint64_t longest_ = 0;
  TextBounds bounds_{};
  bool bounds_known_ = false;
};

}  // namespace

void pass_text(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
               MorselRecord& record) {
  TextPass(type, morsel, options, totals, record).run();
}

}  // namespace dqm
