// Bytes of the parts of a state that hold many values.
#pragma once
#include "byte_stream.h"
#include "column_state.h"

namespace dqm {

void write_distinct(ByteWriter& out, const DistinctSketch& sketch);
void read_distinct(ByteReader& in, DistinctSketch& sketch);
void write_quantiles(ByteWriter& out, const QuantileSketch& sketch);
void read_quantiles(ByteReader& in, QuantileSketch& sketch);
void write_tails(ByteWriter& out, const Tails& tails);
void read_tails(ByteReader& in, Tails& tails);
void write_gaps(ByteWriter& out, const Gaps& gaps);
void read_gaps(ByteReader& in, Gaps& gaps);
void write_text(ByteWriter& out, const TextTotals& text);
void read_text(ByteReader& in, TextTotals& text);
void write_frequent(ByteWriter& out, const FrequentItems& frequent);
void read_frequent(ByteReader& in, FrequentItems& frequent);

}  // namespace dqm
