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

void Profiler::accept(std::shared_ptr<OwnedBatch> batch) {
  check(batch->array());
  if (batch->unread() == 0) return;
  unread_ += batch->unread();
  batches_.push_back(std::move(batch));
}

void Profiler::update(ArrowArray* moved) {
  accept(std::make_shared<OwnedBatch>(moved));
  while (unread_ >= wave_rows()) run_wave(take_wave(wave_rows(), false));
}

Wave Profiler::begin(std::shared_ptr<OwnedBatch> batch) {
  accept(std::move(batch));
  return take_wave(unread_ / kBlockRows * kBlockRows, false);
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
  if (unread_ > 0) run_wave(take_wave(unread_, true));
  if (rows_ % kMorselRows != 0) {
    for (size_t column = 0; column < open_.size(); ++column) append(column, morsel_of(rows_), open_[column]);
  }
  open_.clear();
  finished_ = true;
  for (const std::vector<AnyOrder>& totals : thread_totals_) {
    for (size_t column = 0; column < totals.size(); ++column) states_[column].totals.merge(totals[column]);
  }
  thread_totals_.clear();
  if (segments_) segments_->finish();
}

// Of the first morsel rows may have been read before, of the last some may follow.
Wave Profiler::take_wave(int64_t rows, bool last) {
  Wave wave;
  wave.first_row = rows_;
  wave.rows = rows;
  if (rows == 0) return wave;
  const size_t morsels = morsel_of(rows_ + rows - 1) - morsel_of(rows_) + 1;
  wave.morsels.assign(types_.size(), std::vector<Morsel>(morsels));
  const bool few = last && rows_ == 0 && rows <= static_cast<int64_t>(QuantileSketch::kRun);
  for (int64_t left = rows; left > 0;) {
    const std::shared_ptr<OwnedBatch> batch = batches_.front();
    const int64_t count = std::min({kMorselRows - rows_ % kMorselRows, left, batch->unread()});
    cut(batch->array(), batch->read, count, few, wave);
    if (wave.batches.empty() || wave.batches.back() != batch) wave.batches.push_back(batch);
    batch->read += count;
    rows_ += count;
    unread_ -= count;
    left -= count;
    if (batch->unread() == 0) batches_.pop_front();
  }
  return wave;
}

// Rows of a batch, from its row `at` on, into their morsel of the wave.
void Profiler::cut(const ArrowArray& batch, int64_t at, int64_t rows, bool few, Wave& wave) const {
  const size_t number = morsel_of(rows_) - morsel_of(wave.first_row);
  for (size_t column = 0; column < types_.size(); ++column) {
    Morsel& morsel = wave.morsels[column][number];
    if (morsel.rows == 0) morsel.first_row = static_cast<uint64_t>(rows_);
    morsel.pieces.push_back({batch.children[column], batch.offset + at, rows});
    morsel.rows += rows;
    morsel.few = few;
  }
}

void Profiler::run_wave(const Wave& wave) {
  const size_t columns = types_.size();
  if (columns == 0) return;
  const bool worth_threads = wave.rows * static_cast<int64_t>(columns) >= kWorthThreads;
  if (options_.threads == 1 || !worth_threads) {
    for (size_t part = 0; part < parts(); ++part) run(wave, part);
    return;
  }
  const size_t morsels = wave.morsels[0].size();
  std::vector<MorselRecord> records(columns * morsels);
  for (size_t column = 0; column < columns; ++column) records[column] = std::move(open_[column]);
  run_passes(wave, records);
  for_each_task(columns, options_.threads, [&](size_t column, int) {
    for (size_t morsel = 0; morsel < morsels; ++morsel) {
      MorselRecord& record = records[morsel * columns + column];
      if (completes(wave, morsel)) {
        append(column, morsel_of(wave.first_row) + morsel, record);
      } else {
        open_[column] = std::move(record);
      }
    }
  });
  if (segments_) segments_->add(wave.morsels, options_.threads);
}

void Profiler::run(const Wave& wave, size_t part) {
  if (wave.rows == 0) return;
  if (part == types_.size()) {
    segments_->add(wave.morsels, 1);
    return;
  }
  for (size_t morsel = 0; morsel < wave.morsels[part].size(); ++morsel) {
    pass(types_[part], wave.morsels[part][morsel], options_.pass, states_[part].totals, open_[part]);
    if (completes(wave, morsel)) append(part, morsel_of(wave.first_row) + morsel, open_[part]);
  }
}

void Profiler::run_passes(const Wave& wave, std::vector<MorselRecord>& records) {
  const size_t columns = types_.size();
  if (thread_totals_.empty()) {
    thread_totals_.resize(static_cast<size_t>(options_.threads - 1));
    for (auto& totals : thread_totals_) {
      for (const ColumnState& state : states_) {
        totals.emplace_back();
        totals.back().exact.known = state.totals.exact.known;
      }
    }
  }
  for_each_task(records.size(), options_.threads, [&](size_t task, int thread) {
    const size_t column = task % columns;
    AnyOrder& totals =
        thread == 0 ? states_[column].totals : thread_totals_[static_cast<size_t>(thread - 1)][column];
    pass(types_[column], wave.morsels[column][task / columns], options_.pass, totals, records[task]);
  });
}

// Whether the wave reads its morsel number `morsel` to the end.
bool Profiler::completes(const Wave& wave, size_t morsel) {
  const auto next = static_cast<int64_t>(morsel_of(wave.first_row) + morsel + 1);
  return next * kMorselRows <= wave.first_row + wave.rows;
}

// A complete morsel's record becomes a part of the state.
void Profiler::append(size_t column, size_t number, MorselRecord& record) {
  record.close();
  if (number == 0) {
    states_[column].ordered = std::move(record.ordered);
  } else {
    states_[column].ordered.append(kernels(), record.ordered);
  }
  record = {};
}

ColumnState Profiler::take(int64_t segment, size_t column) {
  if (!finished_) throw Error("the profile is not finished");
  if (column >= types_.size()) throw Error("there is no column " + std::to_string(column));
  ColumnState state = segment < 0 ? std::move(states_[column]) : segments_->take(segment, column);
  state.seal();
  return state;
}

}  // namespace dqm
