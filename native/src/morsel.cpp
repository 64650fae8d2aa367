#include "morsel.h"

#include <algorithm>

namespace dqm {
namespace {

// Calls use(piece, row in the piece's array, rows, row in the block) for every piece the block touches.
template <class Use>
void for_each_part(const Morsel& morsel, int64_t first_row, int rows, Use use) {
  int64_t skipped = 0;
  int done = 0;
  for (const Piece& piece : morsel.pieces) {
    const int64_t end = skipped + piece.rows;
    if (first_row + done < end && done < rows) {
      const int64_t inside = first_row + done - skipped;
      const int count = static_cast<int>(std::min<int64_t>(piece.rows - inside, rows - done));
      use(piece, piece.start + inside, count, done);
      done += count;
    }
    skipped = end;
  }
}

// Sets the bits of `words` from `from` on that are set in `bits` (null: all); those there must be clear.
void set_bits(uint64_t* words, int from, const uint64_t* bits, int count) {
  for (int done = 0; done < count; done += 64) {
    uint64_t word = bits != nullptr ? bits[done / 64] : ~0ull;
    if (count - done < 64) word &= (1ull << (count - done)) - 1;
    const int shift = (from + done) % 64;
    uint64_t* to = words + (from + done) / 64;
    to[0] |= word << shift;
    if (shift > 0 && word >> (64 - shift) != 0) to[1] |= word >> (64 - shift);
  }
}

}  // namespace

NumberBlock NumberReader::load(int64_t first_row) {
  const int rows = static_cast<int>(std::min<int64_t>(kBlockRows, morsel_.rows - first_row));
  NumberBlock block{values_, nullptr, rows};
  for_each_part(morsel_, first_row, rows, [&](const Piece& piece, int64_t start, int count, int at) {
    if (count == rows) {
      block.values = load_doubles(kernels_, type_, *piece.array, start, rows, values_);
      if (!load_validity(type_, *piece.array, start, rows, valid_)) block.valid = valid_;
      return;
    }
    const double* values = load_doubles(kernels_, type_, *piece.array, start, count, values_ + at);
    if (values != values_ + at) std::copy(values, values + count, values_ + at);
    if (at == 0) std::fill(valid_, valid_ + kBlockWords, 0);
    uint64_t part[kBlockWords];
    if (load_validity(type_, *piece.array, start, count, part)) {
      set_bits(valid_, at, nullptr, count);
      return;
    }
    block.valid = valid_;
    set_bits(valid_, at, part, count);
  });
  return block;
}

int NumberReader::load_integers(int64_t first_row, int128* out) {
  const int rows = static_cast<int>(std::min<int64_t>(kBlockRows, morsel_.rows - first_row));
  int count = 0;
  for_each_part(morsel_, first_row, rows, [&](const Piece& piece, int64_t start, int part_rows, int) {
    uint64_t valid[kBlockWords];
    const bool all = load_validity(type_, *piece.array, start, part_rows, valid);
    for (int i = 0; i < part_rows; ++i) {
      if (all || ((valid[i / 64] >> (i % 64)) & 1)) out[count++] = load_integer(type_, *piece.array, start + i);
    }
  });
  return count;
}

}  // namespace dqm
