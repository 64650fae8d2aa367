#include "passes.h"

#include <algorithm>

namespace dqm {

void pass_counts(const ColumnType& type, const Morsel& morsel, AnyOrder& totals) {
  for (const Piece& piece : morsel.pieces) {
    totals.rows += piece.rows;
    for (int64_t row = 0; row < piece.rows; row += kBlockRows) {
      const int rows = static_cast<int>(std::min<int64_t>(kBlockRows, piece.rows - row));
      uint64_t valid[kBlockWords];
      if (load_validity(type, *piece.array, piece.start + row, rows, valid)) continue;
      totals.nulls += rows;
      for (int word = 0; word * 64 < rows; ++word) totals.nulls -= __builtin_popcountll(valid[word]);
    }
  }
}

void pass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
          MorselRecord& record) {
  switch (kind_of(type.logical)) {
    case Kind::null:
    case Kind::nested: pass_counts(type, morsel, totals); return;
    case Kind::text: pass_text(type, morsel, options, totals, record); return;
    default: pass_numbers(type, morsel, options, totals, record);
  }
}

}  // namespace dqm
