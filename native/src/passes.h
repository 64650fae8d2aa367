// One morsel of one column, or a part of it, into states.
#pragma once
#include <limits>

#include "column_state.h"
#include "morsel.h"
#include "time_steps.h"

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

// A morsel may be passed in parts of whole blocks: what one part leaves for the next.
struct MorselRecord {
  InOrder ordered;
  double previous = std::numeric_limits<double>::quiet_NaN();  // the last value
  bool last_was_integer = false;                               // and, where it was one beyond 2^53, exactly:
  int128 last_integer = 0;
  TimeSteps steps;

  // Once the morsel is complete.
  void close() { steps.finish(ordered.gaps); }
};

void pass_numbers(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
                  MorselRecord& record);
void pass_text(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
               MorselRecord& record);
// Rows and nulls only.
void pass_counts(const ColumnType& type, const Morsel& morsel, AnyOrder& totals);
// The one that fits the type.
void pass(const ColumnType& type, const Morsel& morsel, const PassOptions& options, AnyOrder& totals,
          MorselRecord& record);

}  // namespace dqm
