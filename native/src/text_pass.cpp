// Text and binary columns, 64 rows at a time.
#include <algorithm>
#include <cstring>

#include "hash.h"
#include "passes.h"

namespace dqm {
namespace {

class TextPass {
 public:
  TextPass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
           InOrder& ordered)
      : type_(type),
        sketched_(options.sketched),
        in_bytes_(type.logical == LogicalType::binary),
        level_(sample_level(morsel.first_row, kFrequentSampleBits)),
        row_(morsel.first_row),
        morsel_(morsel),
        totals_(totals),
        ordered_(ordered) {}

  void run() {
    for (const Piece& piece : morsel_.pieces) {
      for (int64_t row = 0; row < piece.rows; row += kBlockRows) {
        add_rows(*piece.array, piece.start + row, static_cast<int>(std::min<int64_t>(kBlockRows, piece.rows - row)));
      }
    }
  }

 private:
  void add_rows(const ArrowArray& array, int64_t start, int rows) {
    uint64_t valid[kBlockWords];
    const bool all = load_validity(type_, array, start, rows, valid);
    totals_.rows += rows;
    for (int i = 0; i < rows; ++i, ++row_) {
      if (all || ((valid[i / 64] >> (i % 64)) & 1)) {
        add_value(load_text(type_, array, start + i));
      } else {
        ++totals_.nulls;
      }
    }
  }

  void add_value(std::string_view value) {
    const auto bytes = static_cast<int64_t>(value.size());
    const uint64_t hash = hash_text(value.data(), bytes);
    TextTotals& text = totals_.text;
    text.add_length(in_bytes_ ? value.size() : count_characters(value.data(), bytes));
    text.empty += bytes == 0;
    if (bytes == 0 || static_cast<unsigned char>(value[0]) <= ' ') text.blank += is_blank(value.data(), bytes);
    add_order(value);
    add_sequence(hash);
    if (!sketched_) return;
    totals_.distinct.add_hash(hash);
    const uint64_t mask = (1ull << level_) - 1;
    if ((row_ & mask) == (mix_bits((row_ >> level_) + 1) >> 32 & mask)) {
      ordered_.frequent.add(hash, value, 1ull << level_);
    }
  }

  void add_order(std::string_view value) {
    TextTotals& text = totals_.text;
    if (text.any && value >= text.first && value <= text.last) return;
    text.add_order(value);
  }

  void add_sequence(uint64_t hash) {
    Sequence& sequence = ordered_.sequence;
    const uint64_t equal = sequence.count > 0 && sequence.last_identity == hash;
    if (sequence.count == 0) sequence.first_identity = hash;
    sequence.add_block(&equal, 1);
    sequence.repeats += static_cast<int64_t>(equal);
    sequence.last_identity = hash;
  }

  const ColumnType& type_;
  const bool sketched_;
  const bool in_bytes_;
  const int level_;
  uint64_t row_;
  const Morsel& morsel_;
  AnyOrder& totals_;
  InOrder& ordered_;
};

}  // namespace

void pass_text(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
               InOrder& ordered) {
  TextPass(type, morsel, options, totals, ordered).run();
}

}  // namespace dqm
