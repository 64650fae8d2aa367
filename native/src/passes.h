// One morsel of one column into states.
#pragma once
#include <limits>

#include "column_state.h"
#include "morsel.h"

namespace dqm {

struct Limits {
  double lower = std::numeric_limits<double>::quiet_NaN();
  double upper = std::numeric_limits<double>::quiet_NaN();
  bool given() const { return lower == lower || upper == upper; }
};

struct PassOptions {
  bool sketched = true;
  Limits limits;  // in the column's own unit
};

void pass_numbers(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
                  InOrder& ordered);
void pass_text(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
               InOrder& ordered);
// Rows and nulls only.
void pass_counts(const ColumnType& type, const Morsel& morsel, AnyOrder& totals);
// The one that fits the type.
void pass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
          InOrder& ordered);

}  // namespace dqm
