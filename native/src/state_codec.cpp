#include "state_codec.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "byte_stream.h"
#include "hash.h"
#include "sketch_codec.h"

namespace dqm {
namespace {

constexpr uint32_t kMagic = 0x534D5144;  // "DQMS"
constexpr int64_t kMostRows = int64_t{1} << 56;
constexpr size_t kHeaderBytes = 4 + 2 + 8 + 8;

// Never renumber; a reader skips sections it does not know.
enum Section : uint8_t {
  kEnd = 0, kType = 1, kCounts = 2, kExact = 3, kMoments = 4, kDistinct = 5, kQuantiles = 6, kSteps = 7,
  kTails = 8, kSequence = 9, kGaps = 10, kText = 11, kFrequent = 12,
};

uint64_t checksum(const uint8_t* bytes, size_t size) {
  return hash_text(reinterpret_cast<const char*>(bytes), static_cast<int64_t>(size));
}

int64_t get_rows(ByteReader& in) {
  const auto rows = in.get<int64_t>();
  if (rows < 0 || rows > kMostRows) throw Error("the state is corrupt: a row count is out of range");
  return rows;
}

double get_finite(ByteReader& in) {
  const double value = in.get_double();
  if (!std::isfinite(value)) throw Error("the state is corrupt: a moment is not finite");
  return value;
}

void write_type(ByteWriter& out, const ColumnState& state) {
  out.put(static_cast<uint8_t>(state.logical));
  out.put(state.decimals);
  out.put(static_cast<uint8_t>(state.sketched));
}

void read_type(ByteReader& in, ColumnState& state) {
  const auto logical = in.get<uint8_t>();
  if (logical > static_cast<uint8_t>(LogicalType::nested)) throw Error("the state is corrupt: unknown column type");
  state.logical = static_cast<LogicalType>(logical);
  state.decimals = in.get<int8_t>();
  if (state.decimals < -76 || state.decimals > 76) throw Error("the state is corrupt: impossible decimals");
  state.sketched = in.get<uint8_t>() != 0;
}

void write_counts(ByteWriter& out, const AnyOrder& totals) {
  for (const int64_t count : {totals.rows, totals.nulls, totals.nans, totals.positive_infinities,
                              totals.negative_infinities, totals.zeros, totals.negatives, totals.outside_limits}) {
    out.put(count);
  }
}

void read_counts(ByteReader& in, AnyOrder& totals) {
  for (int64_t* count : {&totals.rows, &totals.nulls, &totals.nans, &totals.positive_infinities,
                         &totals.negative_infinities, &totals.zeros, &totals.negatives, &totals.outside_limits}) {
    *count = get_rows(in);
  }
  if (totals.nulls > totals.rows) throw Error("the state is corrupt: more nulls than rows");
}

void write_exact(ByteWriter& out, const ExactTotals& exact) {
  out.put(static_cast<uint8_t>(exact.known | exact.sum_known << 1 | exact.any << 2));
  out.put(exact.minimum);
  out.put(exact.maximum);
  out.put(exact.sum);
}

void read_exact(ByteReader& in, ExactTotals& exact) {
  const auto flags = in.get<uint8_t>();
  exact.known = flags & 1;
  exact.sum_known = flags & 2;
  exact.any = flags & 4;
  exact.minimum = in.get<int128>();
  exact.maximum = in.get<int128>();
  exact.sum = in.get<int128>();
  if (exact.minimum > exact.maximum) throw Error("the state is corrupt: the minimum is above the maximum");
}

void write_moments(ByteWriter& out, const Moments& moments) {
  out.put(moments.count);
  out.put(static_cast<int32_t>(moments.exponent));
  for (const double value : {moments.mean, moments.mean_low, moments.m2, moments.m2_low, moments.m3, moments.m4,
                             moments.minimum, moments.maximum}) {
    out.put(value);
  }
}

void read_moments(ByteReader& in, Moments& moments) {
  moments.count = get_rows(in);
  moments.exponent = in.get<int32_t>();
  const bool known = std::abs(static_cast<int64_t>(moments.exponent)) <= 1100;
  if (!known && moments.exponent != Moments::kNoExponent) throw Error("the state is corrupt: impossible exponent");
  for (double* value : {&moments.mean, &moments.mean_low, &moments.m2, &moments.m2_low, &moments.m3, &moments.m4,
                        &moments.minimum, &moments.maximum}) {
    *value = get_finite(in);
  }
  if (moments.count == 0 || moments.m2 < 0 || moments.m4 < 0 || moments.minimum > moments.maximum) {
    throw Error("the state is corrupt: its moments contradict each other");
  }
}

void write_sequence(ByteWriter& out, const Sequence& sequence) {
  for (const int64_t count : {sequence.count, sequence.leading, sequence.trailing, sequence.longest, sequence.rises,
                              sequence.falls, sequence.repeats}) {
    out.put(count);
  }
  out.put(sequence.first);
  out.put(sequence.last);
  out.put(sequence.first_identity);
  out.put(sequence.last_identity);
  out.put(static_cast<uint8_t>(sequence.ends_known));
}

void read_sequence(ByteReader& in, Sequence& sequence) {
  for (int64_t* count : {&sequence.count, &sequence.leading, &sequence.trailing, &sequence.longest, &sequence.rises,
                         &sequence.falls, &sequence.repeats}) {
    *count = get_rows(in);
  }
  sequence.first = get_finite(in);
  sequence.last = get_finite(in);
  sequence.first_identity = in.get<uint64_t>();
  sequence.last_identity = in.get<uint64_t>();
  sequence.ends_known = in.get<uint8_t>() != 0;
  if (sequence.longest > sequence.count) throw Error("the state is corrupt: a repeat longer than the column");
}

template <class Write>
void write_section(ByteWriter& out, Section section, Write write) {
  ByteWriter body;
  write(body);
  out.put(static_cast<uint8_t>(section));
  out.put(static_cast<uint32_t>(body.bytes().size()));
  out.put_bytes(body.bytes());
}

void write_sections(ByteWriter& out, const ColumnState& state) {
  const AnyOrder& totals = state.totals;
  const InOrder& ordered = state.ordered;
  write_section(out, kType, [&](ByteWriter& body) { write_type(body, state); });
  write_section(out, kCounts, [&](ByteWriter& body) { write_counts(body, totals); });
  if (totals.exact.any || totals.exact.known) {
    write_section(out, kExact, [&](ByteWriter& body) { write_exact(body, totals.exact); });
  }
  if (ordered.moments.count > 0) {
    write_section(out, kMoments, [&](ByteWriter& body) { write_moments(body, ordered.moments); });
  }
  write_section(out, kDistinct, [&](ByteWriter& body) { write_distinct(body, totals.distinct); });
  if (!ordered.quantiles.empty()) {
    write_section(out, kQuantiles, [&](ByteWriter& body) { write_quantiles(body, ordered.quantiles); });
  }
  if (!ordered.steps.empty()) {
    write_section(out, kSteps, [&](ByteWriter& body) { write_quantiles(body, ordered.steps); });
  }
  if (!totals.tails.high.values().empty()) {
    write_section(out, kTails, [&](ByteWriter& body) { write_tails(body, totals.tails); });
  }
  if (ordered.sequence.count > 0) {
    write_section(out, kSequence, [&](ByteWriter& body) { write_sequence(body, ordered.sequence); });
  }
  if (!ordered.gaps.stretches().empty()) {
    write_section(out, kGaps, [&](ByteWriter& body) { write_gaps(body, ordered.gaps); });
  }
  if (totals.text.count > 0) {
    write_section(out, kText, [&](ByteWriter& body) { write_text(body, totals.text); });
  }
  if (!ordered.frequent.items().empty() || ordered.frequent.missed() > 0) {
    write_section(out, kFrequent, [&](ByteWriter& body) { write_frequent(body, ordered.frequent); });
  }
  out.put(static_cast<uint8_t>(kEnd));
}

void read_section(uint8_t section, ByteReader& in, ColumnState& state) {
  switch (section) {
    case kType: read_type(in, state); return;
    case kCounts: read_counts(in, state.totals); return;
    case kExact: read_exact(in, state.totals.exact); return;
    case kMoments: read_moments(in, state.ordered.moments); return;
    case kDistinct: read_distinct(in, state.totals.distinct); return;
    case kQuantiles: read_quantiles(in, state.ordered.quantiles); return;
    case kSteps: read_quantiles(in, state.ordered.steps); return;
    case kTails: read_tails(in, state.totals.tails); return;
    case kSequence: read_sequence(in, state.ordered.sequence); return;
    case kGaps: read_gaps(in, state.ordered.gaps); return;
    case kText: read_text(in, state.totals.text); return;
    case kFrequent: read_frequent(in, state.ordered.frequent); return;
    default: return;  // of a later revision of the same version: nothing that this reader needs
  }
}

}  // namespace

std::vector<uint8_t> write_state(const ColumnState& state) {
  ByteWriter body;
  write_sections(body, state);
  ByteWriter out;
  out.put(kMagic);
  out.put(kStateVersion);
  out.put(static_cast<uint64_t>(body.bytes().size()));
  out.put(checksum(body.bytes().data(), body.bytes().size()));
  out.put_bytes(body.bytes());
  return out.bytes();
}

ColumnState read_state(const uint8_t* bytes, size_t size) {
  ByteReader in(bytes, size);
  if (size < kHeaderBytes || in.get<uint32_t>() != kMagic) throw Error("these bytes are no column state of dqm");
  const auto version = in.get<uint16_t>();
  if (version == 0 || version > kStateVersion) {
    throw Error("the state has version " + std::to_string(version) + ", this dqm reads up to " +
                std::to_string(kStateVersion) + ": upgrade dqm to read it");
  }
  if (in.get<uint64_t>() != size - kHeaderBytes) throw Error("the state is corrupt: its length is wrong");
  if (in.get<uint64_t>() != checksum(bytes + kHeaderBytes, size - kHeaderBytes)) {
    throw Error("the state is corrupt: its checksum does not match");
  }
  ColumnState state;
  state.totals.exact.known = false;
  for (auto section = in.get<uint8_t>(); section != kEnd; section = in.get<uint8_t>()) {
    const auto length = in.get<uint32_t>();
    ByteReader body = in.get_part(length);
    read_section(section, body, state);
  }
  return state;
}

}  // namespace dqm
