// Reads metrics off a state.
#pragma once
#include "column_state.h"
#include "dqm_kernel.h"

namespace dqm {

// p0.1 p1 p5 p10 p25 p50 p75 p90 p95 p99 p99.9
constexpr double kQuantiles[11] = {0.001, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 0.999};

void summarize(const ColumnState& state, double outlier_z, dqm_summary& out);
// In the column's own unit. The ends of the sketch are the exact minimum and maximum.
double quantile(const ColumnState& state, const std::vector<RankedValue>& ranked, double q);

// Share of the finite values at or below `value`.
double rank(const ColumnState& state, const std::vector<RankedValue>& ranked, double value);

}  // namespace dqm
