#include "sketch_codec.h"

#include <algorithm>
#include <cmath>

namespace dqm {
namespace {

constexpr int kRankBits = 5;
constexpr uint64_t kMostWeight = uint64_t{1} << 56;
constexpr int128 kMostTicks = static_cast<int128>(1) << 100;

// Doubles as integers in the same order.
uint64_t order_key(double value) {
  value += 0.0;
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits >> 63 ? ~bits : bits | (1ull << 63);
}

double from_order_key(uint64_t key) {
  const uint64_t bits = key >> 63 ? key & ~(1ull << 63) : ~key;
  double value;
  std::memcpy(&value, &bits, sizeof value);
  if (!std::isfinite(value)) throw Error("the state is corrupt: a kept value is not finite");
  return value;
}

// Ascending values as differences of their order keys, without the zero bits that all of them end in.
void write_sorted(ByteWriter& out, const std::vector<double>& values) {
  out.put_varint(values.size());
  uint64_t used = 0;
  uint64_t before = 0;
  for (const double value : values) {
    used |= order_key(value) - before;
    before = order_key(value);
  }
  const int shift = used ? __builtin_ctzll(used) : 0;
  out.put(static_cast<uint8_t>(shift));
  before = 0;
  for (const double value : values) {
    out.put_varint((order_key(value) - before) >> shift);
    before = order_key(value);
  }
}

std::vector<double> read_sorted(ByteReader& in, size_t most) {
  std::vector<double> values(in.get_count(std::min(most, in.left())));
  const auto shift = in.get<uint8_t>();
  if (shift > 63) throw Error("the state is corrupt: impossible shift");
  uint64_t key = 0;
  for (double& value : values) {
    const uint64_t next = key + (in.get_varint() << shift);
    if (next < key) throw Error("the state is corrupt: kept values are not in order");
    key = next;
    value = from_order_key(key);
  }
  return values;
}

}  // namespace

void write_distinct(ByteWriter& out, const DistinctSketch& sketch) {
  out.put(static_cast<uint8_t>(sketch.exact()));
  if (sketch.exact()) {
    const std::vector<uint64_t> hashes = sketch.sorted_hashes();
    out.put_varint(hashes.size());
    for (const uint64_t hash : hashes) out.put(hash);
    return;
  }
  uint64_t word = 0;
  int bits = 0;
  for (int i = 0; i < DistinctSketch::kRegisters; ++i) {
    word |= static_cast<uint64_t>(sketch.registers()[i]) << bits;
    for (bits += kRankBits; bits >= 8; bits -= 8, word >>= 8) out.put(static_cast<uint8_t>(word));
  }
}

void read_distinct(ByteReader& in, DistinctSketch& sketch) {
  if (in.get<uint8_t>() != 0) {
    const size_t count = in.get_count(DistinctSketch::kSparseLimit);
    for (size_t i = 0; i < count; ++i) sketch.add_hash(in.get<uint64_t>());
    return;
  }
  std::vector<uint8_t> ranks(DistinctSketch::kRegisters);
  uint64_t word = 0;
  int bits = 0;
  for (uint8_t& rank : ranks) {
    for (; bits < kRankBits; bits += 8) word |= static_cast<uint64_t>(in.get<uint8_t>()) << bits;
    rank = static_cast<uint8_t>(word & ((1 << kRankBits) - 1));
    if (rank > DistinctSketch::kMaxRank) throw Error("the state is corrupt: impossible register");
    word >>= kRankBits;
    bits -= kRankBits;
  }
  sketch.load_registers(ranks.data());
}

void write_quantiles(ByteWriter& out, const QuantileSketch& sketch) {
  out.put(sketch.coins());
  out.put_varint(sketch.levels().size());
  for (const std::vector<double>& level : sketch.levels()) write_sorted(out, level);
}

void read_quantiles(ByteReader& in, QuantileSketch& sketch) {
  const auto coins = in.get<uint64_t>();
  std::vector<std::vector<double>> levels(in.get_count(QuantileSketch::kMaxLevels));
  for (std::vector<double>& level : levels) level = read_sorted(in, QuantileSketch::kRun);
  sketch.load(std::move(levels), coins);
}

void write_tails(ByteWriter& out, const Tails& tails) {
  for (const Tail* tail : {&tails.low, &tails.high}) {
    std::vector<double> values = tail->values();
    std::reverse(values.begin(), values.end());
    write_sorted(out, values);
  }
}

void read_tails(ByteReader& in, Tails& tails) {
  for (Tail* tail : {&tails.low, &tails.high}) {
    std::vector<double> values = read_sorted(in, Tail::kKept);
    std::reverse(values.begin(), values.end());
    tail->load(std::move(values));
  }
}

void write_gaps(ByteWriter& out, const Gaps& gaps) {
  out.put_varint(gaps.stretches().size());
  for (const Stretch& stretch : gaps.stretches()) {
    out.put(stretch.low);
    out.put(stretch.high);
    out.put(stretch.gap);
  }
}

void read_gaps(ByteReader& in, Gaps& gaps) {
  std::vector<Stretch> stretches(in.get_count(Gaps::kKept));
  int128 before = -kMostTicks;
  for (Stretch& stretch : stretches) {
    stretch.low = in.get<int128>();
    stretch.high = in.get<int128>();
    stretch.gap = in.get<int128>();
    const bool fits = stretch.low > before && stretch.low <= stretch.high && stretch.high < kMostTicks &&
                      stretch.gap >= 0 && stretch.gap <= stretch.high - stretch.low;
    if (!fits) throw Error("the state is corrupt: impossible stretches of time");
    before = stretch.high;
  }
  gaps.load(std::move(stretches));
}

void write_text(ByteWriter& out, const TextTotals& text) {
  out.put(text.count);
  out.put(text.length_sum);
  out.put(text.length_squares);
  out.put(text.shortest);
  out.put(text.longest);
  out.put(text.empty);
  out.put(text.blank);
  out.put_text(text.first);
  out.put_text(text.last);
}

void read_text(ByteReader& in, TextTotals& text) {
  text.count = in.get<int64_t>();
  text.length_sum = in.get<uint64_t>();
  text.length_squares = in.get<unsigned __int128>();
  text.shortest = in.get<uint64_t>();
  text.longest = in.get<uint64_t>();
  text.empty = in.get<int64_t>();
  text.blank = in.get<int64_t>();
  text.first = in.get_text(TextTotals::kKeptBytes);
  text.last = in.get_text(TextTotals::kKeptBytes);
  text.any = true;
  const auto most = static_cast<int64_t>(kMostWeight);
  const bool fits = text.count > 0 && text.count <= most && text.empty >= 0 && text.empty <= text.blank &&
                    text.blank <= text.count && text.shortest <= text.longest && text.first <= text.last;
  if (!fits) throw Error("the state is corrupt: its text totals contradict each other");
}

void write_frequent(ByteWriter& out, const FrequentItems& frequent) {
  out.put_varint(frequent.missed());
  out.put_varint(frequent.sampled_weight());
  out.put_varint(frequent.items().size());
  for (const FrequentItem& item : frequent.items()) {
    out.put(item.hash);
    out.put_varint(item.count);
    out.put_text(item.value);
  }
}

void read_frequent(ByteReader& in, FrequentItems& frequent) {
  const uint64_t missed = in.get_varint();
  const uint64_t sampled_weight = in.get_varint();
  std::vector<FrequentItem> items(in.get_count(FrequentItems::kKept));
  for (FrequentItem& item : items) {
    item.hash = in.get<uint64_t>();
    item.count = in.get_varint();
    item.value = in.get_text(TextTotals::kKeptBytes);
    if (item.count > kMostWeight) throw Error("the state is corrupt: an impossible count");
  }
  if (missed > kMostWeight || sampled_weight > kMostWeight) throw Error("the state is corrupt: an impossible count");
  frequent.load(std::move(items), missed, sampled_weight);
}

}  // namespace dqm
