#include "profiler.h"

#include <algorithm>

#include "errors.h"
#include "parallel.h"

namespace dqm {
namespace {

constexpr int64_t kWorthThreads = 200 * 1000;  // fewer values than this are not worth a second thread

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
  const auto wave = wave_morsels();
  while (unread_ >= static_cast<int64_t>(wave) * kMorselRows) {
    run_wave(wave, static_cast<int64_t>(wave) * kMorselRows);
  }
}

size_t Profiler::wave_morsels() const {
  const auto columns = std::max<int64_t>(1, static_cast<int64_t>(types_.size()));
  return static_cast<size_t>(std::max<int64_t>(1, options_.wave_values / columns / kMorselRows));
}

void Profiler::finish() {
  if (finished_) return;
  const int64_t whole = unread_ / kMorselRows;
  if (whole > 0) run_wave(static_cast<size_t>(whole), whole * kMorselRows);
  if (unread_ > 0) run_wave(1, unread_);
  finished_ = true;
  for (const std::vector<AnyOrder>& totals : thread_totals_) {
    for (size_t column = 0; column < totals.size(); ++column) states_[column].totals.merge(totals[column]);
  }
  thread_totals_.clear();
  if (segments_) segments_->finish();
}

// For every column the next morsels of the unread rows, the last one possibly short.
std::vector<std::vector<Morsel>> Profiler::cut(size_t morsels, int64_t rows) const {
  std::vector<std::vector<Morsel>> out(types_.size(), std::vector<Morsel>(morsels));
  const bool few = rows_ == 0 && rows == unread_ && rows <= static_cast<int64_t>(QuantileSketch::kRun);
  int64_t done = 0;
  for (const auto& batch : batches_) {
    const ArrowArray& array = batch->array();
    int64_t at = batch->read;
    while (at < array.length && done < rows) {
      const auto number = static_cast<size_t>(done / kMorselRows);
      const int64_t room = std::min<int64_t>((done / kMorselRows + 1) * kMorselRows, rows) - done;
      const int64_t count = std::min(room, array.length - at);
      for (size_t column = 0; column < types_.size(); ++column) {
        Morsel& morsel = out[column][number];
        if (morsel.rows == 0) morsel.first_row = static_cast<uint64_t>(rows_ + done);
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

void Profiler::run_wave(size_t morsels, int64_t rows) {
  const size_t columns = types_.size();
  if (columns > 0) {
    const auto work = cut(morsels, rows);
    const int64_t values = rows * static_cast<int64_t>(columns);
    const int threads = values < kWorthThreads ? 1 : options_.threads;
    if (threads > 1 && thread_totals_.empty()) {
      thread_totals_.resize(static_cast<size_t>(threads - 1));
      for (auto& totals : thread_totals_) {
        for (const ColumnState& state : states_) {
          totals.emplace_back();
          totals.back().exact.known = state.totals.exact.known;
        }
      }
    }
    std::vector<InOrder> records(columns * morsels);
    for_each_task(columns * morsels, threads, [&](size_t task, int thread) {
      const size_t column = task % columns;
      AnyOrder& totals =
          thread == 0 ? states_[column].totals : thread_totals_[static_cast<size_t>(thread - 1)][column];
      pass(types_[column], work[column][task / columns], options_.pass, totals, records[task]);
    });
    for_each_task(columns, threads, [&](size_t column, int) {
      for (size_t morsel = 0; morsel < morsels; ++morsel) {
        InOrder& record = records[morsel * columns + column];
        if (rows_ == 0 && morsel == 0) {
          states_[column].ordered = std::move(record);
        } else {
          states_[column].ordered.append(kernels(), record);
        }
      }
    });
    if (segments_) segments_->add(work, threads);
  }
  drop_read(rows);
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
