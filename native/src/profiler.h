// Turns a stream of Arrow batches into one state per column (and per segment value).
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "column_state.h"
#include "dqm_kernel.h"
#include "passes.h"
#include "segments.h"

namespace dqm {

// An Arrow batch that is released when the last row has been read.
class OwnedBatch {
 public:
  explicit OwnedBatch(ArrowArray* moved);
  OwnedBatch(const OwnedBatch&) = delete;
  OwnedBatch& operator=(const OwnedBatch&) = delete;
  ~OwnedBatch();

  const ArrowArray& array() const { return array_; }
  int64_t unread() const { return array_.length - read; }
  int64_t read = 0;

 private:
  ArrowArray array_;
};

// The next rows of all columns, cut into morsels.
struct Wave {
  int64_t first_row = 0;
  int64_t rows = 0;
  std::vector<std::vector<Morsel>> morsels;           // by column
  std::vector<std::shared_ptr<OwnedBatch>> batches;  // that the morsels lie in
};

struct ProfilerOptions {
  int threads = 1;
  PassOptions pass;
  std::string segment_by;  // empty: none
  int64_t wave_values = 4 << 20;  // read ahead at most about this many values before working on them
};

class Profiler {
 public:
  Profiler(const ArrowSchema& schema, ProfilerOptions options);
  Profiler(std::vector<std::string> names, std::vector<ColumnType> types, ProfilerOptions options);
  // Takes the batch over, also when it throws.
  void update(ArrowArray* batch);
  // Reads what is left over; further updates are an Error.
  void finish();

  // The same in steps, for callers with threads of their own: begin() takes a batch over and gives what has become
  // ready to be read; for every part of each wave then run(). Only waves of one part must be run one after
  // another, in the order in which they began.
  Wave begin(std::shared_ptr<OwnedBatch> batch);
  size_t parts() const { return types_.size() + (segments_ ? 1 : 0); }
  void run(const Wave& wave, size_t part);

  int64_t rows() const { return rows_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<ColumnType>& types() const { return types_; }
  const Segments* segments() const { return segments_.get(); }
  // Hands a finished column over (segment -1: the whole), sealed.
  ColumnState take(int64_t segment, size_t column);

 private:
  void start();
  void check(const ArrowArray& batch) const;
  void accept(std::shared_ptr<OwnedBatch> batch);
  Wave take_wave(int64_t rows, bool last);
  void cut(const ArrowArray& batch, int64_t at, int64_t rows, bool few, Wave& wave) const;
  void run_wave(const Wave& wave);
  void run_passes(const Wave& wave, std::vector<MorselRecord>& records);
  static bool completes(const Wave& wave, size_t morsel);
  void append(size_t column, size_t number, MorselRecord& record);
  int64_t wave_rows() const;

  ProfilerOptions options_;
  std::vector<std::string> names_;
  std::vector<ColumnType> types_;
  std::vector<ColumnState> states_;
  std::vector<MorselRecord> open_;  // of the morsel of which a part has been read, by column
  std::vector<std::vector<AnyOrder>> thread_totals_;  // of the threads beyond the first, by column
  std::unique_ptr<Segments> segments_;
  std::deque<std::shared_ptr<OwnedBatch>> batches_;
  int64_t unread_ = 0;
  int64_t rows_ = 0;
  bool finished_ = false;
};

}  // namespace dqm
