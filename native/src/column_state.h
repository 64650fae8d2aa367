// Everything the kernel knows about one column.
#pragma once
#include <cstdint>
#include <vector>

#include "column_type.h"
#include "distinct.h"
#include "exact.h"
#include "frequent.h"
#include "gaps.h"
#include "moments.h"
#include "quantiles.h"
#include "sequence.h"
#include "tails.h"
#include "text.h"

namespace dqm {

// The same whatever the order in which rows are added: each thread has one, merged at the end.
struct AnyOrder {
  int64_t rows = 0, nulls = 0;
  int64_t nans = 0, positive_infinities = 0, negative_infinities = 0;
  int64_t zeros = 0, negatives = 0, outside_limits = 0;
  ExactTotals exact;
  DistinctSketch distinct;
  Tails tails;
  TextTotals text;

  void merge(const AnyOrder& other);
};

// Rounds, samples or compares neighbours: each morsel has one, appended in the order of rows.
struct InOrder {
  Moments moments;
  QuantileSketch quantiles;
  QuantileSketch steps;  // between consecutive times, forward steps only
  Sequence sequence;
  Gaps gaps;
  FrequentItems frequent;

  void append(const Kernels& kernels, const InOrder& next);
  void merge(const Kernels& kernels, const InOrder& other);
};

struct ColumnState {
  LogicalType logical = LogicalType::null;
  int8_t decimals = 0;
  bool sketched = true;  // false: counts and moments only
  AnyOrder totals;
  InOrder ordered;

  Kind kind() const { return kind_of(logical); }
  // Associative and commutative up to rounding and sketch error; throws Error when the kinds do not fit.
  void merge(const ColumnState& other);
  // Brings sketches to their size at rest; afterwards the state only reads and merges.
  void seal();
};

// What a state of this type starts from.
ColumnState empty_state(const ColumnType& type, bool sketched);

}  // namespace dqm
