#include "profiler.h"

#include <algorithm>

#include "errors.h"
#include "parallel.h"

namespace dqm {
namespace {

constexpr int64_t kWorthThreads = 100 * 1000;  // fewer values than this are not worth a second thread

size_t morsel_of(int64_t row) { return static_cast<size_t>(row / kMorselRows); }

}  // namespace

OwnedBatch::OwnedBatch(ArrowArray* moved) : array_(*moved) { moved->release = nullptr; }

OwnedBatch::~OwnedBatch() {
  if (array_.release != nullptr) array_.release(&array_);
}

Profiler::Profiler(const ArrowSchema& schema, ProfilerOptions options) : options_(std::move(options)) {
  if (schema.format == nullptr || schema.format[0] != '+' || schema.format[1] != 's') {
    throw Error("only tables can be profiled: the Arrow stream's type is not a struct of columns");
  }
  for (int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& child = *schema.children[i];
    names_.emplace_back(child.name ? child.name : "");
    types_.push_back(column_type(child));
  }
  start();
}

Profiler::Profiler(std::vector<std::string> names, std::vector<ColumnType> types, ProfilerOptions options)
    : options_(std::move(options)), names_(std::move(names)), types_(std::move(types)) {
  start();
}

void Profiler::start() {
  for (const ColumnType& type : types_) states_.push_back(empty_state(type, options_.pass.sketched));
  open_.resize(types_.size());
  if (!options_.segment_by.empty()) {
    segments_ = std::make_unique<Segments>(names_, types_, options_.segment_by, options_.pass);
  }
}

void Profiler::check(const ArrowArray& batch) const {
  if (finished_) throw Error("this profile is finished: start another one for more batches");
  if (batch.n_children != static_cast<int64_t>(types_.size())) {
    throw Error("a batch has " + std::to_string(batch.n_children) + " columns where the schema has " +
                std::to_string(types_.size()));
  }
  for (int64_t i = 0; i < batch.n_children; ++i) {
    if (batch.children[i]->length < batch.offset + batch.length) {
      throw Error("column '" + names_[static_cast<size_t>(i)] + "' is shorter than its batch");
    }
  }
}

void Profiler::update(ArrowArray* moved) {
  auto batch = std::make_unique<OwnedBatch>(moved);
  check(batch->array());
  if (batch->unread() == 0) return;
  unread_ += batch->unread();
  batches_.push_back(std::move(batch));
  while (unread_ >= wave_rows()) run_wave(wave_rows(), false);
}

// Whole morsels, or where that would be too many values, whole blocks of one.
int64_t Profiler::wave_rows() const {
  const auto columns = std::max<int64_t>(1, static_cast<int64_t>(types_.size()));
  const int64_t rows = options_.wave_values / columns;
  if (rows >= kMorselRows) return rows / kMorselRows * kMorselRows;
  const int64_t blocks = std::max<int64_t>(1, rows / kBlockRows);
  return std::min(blocks * kBlockRows, kMorselRows - rows_ % kMorselRows);
}

void Profiler::finish() {
  if (finished_) return;
  if (unread_ > 0) run_wave(unread_, true);
  if (rows_ % kMorselRows != 0) {
    for (size_t column = 0; column < open_.size(); ++column) keep(column, morsel_of(rows_), open_[column], true);
  }
  open_.clear();
  finished_ = true;
  for (const std::vector<AnyOrder>& totals : thread_totals_) {
    for (size_t column = 0; column < totals.size(); ++column) states_[column].totals.merge(totals[column]);
  }
  thread_totals_.clear();
  if (segments_) segments_->finish();
}

// How many morsels the next rows touch.
size_t Profiler::morsels_in(int64_t rows) const {
  return morsel_of(rows_ + rows - 1) - morsel_of(rows_) + 1;
}

// For every column the next morsels of the unread rows; the first may have begun before, the last may go on.
std::vector<std::vector<Morsel>> Profiler::cut(int64_t rows, bool last) const {
  std::vector<std::vector<Morsel>> out(types_.size(), std::vector<Morsel>(morsels_in(rows)));
  const bool few = last && rows_ == 0 && rows <= static_cast<int64_t>(QuantileSketch::kRun);
  int64_t done = 0;
  for (const auto& batch : batches_) {
    const ArrowArray& array = batch->array();
    int64_t at = batch->read;
    while (at < array.length && done < rows) {
      const int64_t row = rows_ + done;
      const int64_t room = std::min(kMorselRows - row % kMorselRows, rows - done);
      const int64_t count = std::min(room, array.length - at);
      for (size_t column = 0; column < types_.size(); ++column) {
        Morsel& morsel = out[column][morsel_of(row) - morsel_of(rows_)];
        if (morsel.rows == 0) morsel.first_row = static_cast<uint64_t>(row);
        morsel.pieces.push_back({array.children[column], array.offset + at, count});
        morsel.rows += count;
        morsel.few = few;
      }
      at += count;
      done += count;
    }
    if (done == rows) break;
  }
  return out;
}

void Profiler::run_wave(int64_t rows, bool last) {
  const size_t columns = types_.size();
  if (columns > 0) {
    const auto work = cut(rows, last);
    const size_t morsels = morsels_in(rows);
    const int64_t values = rows * static_cast<int64_t>(columns);
    const int threads = values < kWorthThreads ? 1 : options_.threads;
    std::vector<MorselRecord> records(columns * morsels);
    for (size_t column = 0; column < columns; ++column) records[column] = std::move(open_[column]);
    run_passes(work, threads, records);
    for_each_task(columns, threads, [&](size_t column, int) {
      for (size_t morsel = 0; morsel < morsels; ++morsel) {
        const size_t number = morsel_of(rows_) + morsel;
        const bool complete = static_cast<int64_t>(number + 1) * kMorselRows <= rows_ + rows;
        keep(column, number, records[morsel * columns + column], complete);
      }
    });
    if (segments_) segments_->add(work, threads);
  }
  drop_read(rows);
}

void Profiler::run_passes(const std::vector<std::vector<Morsel>>& work, int threads,
                          std::vector<MorselRecord>& records) {
  const size_t columns = types_.size();
  if (threads > 1 && thread_totals_.empty()) {
    thread_totals_.resize(static_cast<size_t>(threads - 1));
    for (auto& totals : thread_totals_) {
      for (const ColumnState& state : states_) {
        totals.emplace_back();
        totals.back().exact.known = state.totals.exact.known;
      }
    }
  }
  for_each_task(records.size(), threads, [&](size_t task, int thread) {
    const size_t column = task % columns;
    AnyOrder& totals =
        thread == 0 ? states_[column].totals : thread_totals_[static_cast<size_t>(thread - 1)][column];
    pass(types_[column], work[column][task / columns], options_.pass, totals, records[task]);
  });
}

// A complete morsel's record is appended to the state, another waits for the rest of its rows.
void Profiler::keep(size_t column, size_t number, MorselRecord& record, bool complete) {
  if (!complete) {
    open_[column] = std::move(record);
    return;
  }
  record.close();
  if (number == 0) {
    states_[column].ordered = std::move(record.ordered);
  } else {
    states_[column].ordered.append(kernels(), record.ordered);
  }
  open_[column] = {};
}

void Profiler::drop_read(int64_t rows) {
  rows_ += rows;
  unread_ -= rows;
  while (rows > 0) {
    OwnedBatch& first = *batches_.front();
    const int64_t count = std::min(rows, first.unread());
    first.read += count;
    rows -= count;
    if (first.unread() == 0) batches_.pop_front();
  }
}

ColumnState Profiler::take(int64_t segment, size_t column) {
  if (!finished_) throw Error("the profile is not finished");
  if (column >= types_.size()) throw Error("there is no column " + std::to_string(column));
  ColumnState state = segment < 0 ? std::move(states_[column]) : segments_->take(segment, column);
  state.seal();
  return state;
}

}  // namespace dqm
