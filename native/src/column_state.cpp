#include "column_state.h"

#include <string>

#include "errors.h"

namespace dqm {
namespace {

const char* name_of(LogicalType logical) {
  constexpr const char* kNames[] = {"null",      "integer",     "floating point", "decimal", "boolean", "date",
                                    "timestamp", "time of day", "duration",       "text",    "binary",  "nested"};
  return kNames[static_cast<int>(logical)];
}

bool is_plain_number(LogicalType logical) {
  return logical == LogicalType::integer || logical == LogicalType::floating || logical == LogicalType::decimal;
}

// The type both states can share, or an Error that says why there is none.
LogicalType common_type(const ColumnState& a, const ColumnState& b) {
  if (a.decimals != b.decimals) {
    throw Error(std::string("cannot merge ") + name_of(a.logical) + " of " + std::to_string(a.decimals) +
                " decimals with " + name_of(b.logical) + " of " + std::to_string(b.decimals) +
                ": cast both batches to one unit or scale before profiling");
  }
  if (a.logical == b.logical) return a.logical;
  if (is_plain_number(a.logical) && is_plain_number(b.logical)) return LogicalType::floating;
  throw Error(std::string("cannot merge a ") + name_of(a.logical) + " column with a " + name_of(b.logical) +
              " column: cast both batches to one type before profiling");
}

}  // namespace

void AnyOrder::merge(const AnyOrder& other) {
  rows += other.rows;
  nulls += other.nulls;
  nans += other.nans;
  positive_infinities += other.positive_infinities;
  negative_infinities += other.negative_infinities;
  zeros += other.zeros;
  negatives += other.negatives;
  outside_limits += other.outside_limits;
  exact.merge(other.exact);
  distinct.merge(other.distinct);
  tails.merge(other.tails);
  text.merge(other.text);
}

void InOrder::append(const Kernels& kernels, const InOrder& next) {
  moments.merge(next.moments);
  quantiles.merge(kernels, next.quantiles);
  steps.merge(kernels, next.steps);
  sequence.append(next.sequence);
  gaps.merge(next.gaps);
  frequent.merge(next.frequent);
}

void InOrder::merge(const Kernels& kernels, const InOrder& other) {
  moments.merge(other.moments);
  quantiles.merge(kernels, other.quantiles);
  steps.merge(kernels, other.steps);
  sequence.merge(other.sequence);
  gaps.merge(other.gaps);
  frequent.merge(other.frequent);
}

void ColumnState::merge(const ColumnState& other) {
  if (other.logical == LogicalType::null) {  // nulls and rows of any type
    totals.rows += other.totals.rows;
    totals.nulls += other.totals.nulls;
    return;
  }
  if (logical == LogicalType::null) {
    const int64_t rows = totals.rows;
    const int64_t nulls = totals.nulls;
    *this = other;
    totals.rows += rows;
    totals.nulls += nulls;
    return;
  }
  logical = common_type(*this, other);
  sketched = sketched && other.sketched;
  totals.merge(other.totals);
  ordered.merge(kernels(), other.ordered);
  seal();
}

void ColumnState::seal() {
  totals.tails.seal();
  ordered.quantiles.seal(kernels());
  ordered.steps.seal(kernels());
  ordered.frequent.seal();
}

ColumnState empty_state(const ColumnType& type, bool sketched) {
  ColumnState state;
  state.logical = type.logical;
  state.decimals = type.decimals;
  state.sketched = sketched;
  state.totals.exact.known = is_integral(type);
  return state;
}

}  // namespace dqm
