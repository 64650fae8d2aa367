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

  int64_t rows() const { return rows_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<ColumnType>& types() const { return types_; }
  const Segments* segments() const { return segments_.get(); }
  // Hands a finished column over (segment -1: the whole), sealed.
  ColumnState take(int64_t segment, size_t column);

 private:
  void start();
  void check(const ArrowArray& batch) const;
  void run_wave(int64_t rows, bool last);
  size_t morsels_in(int64_t rows) const;
  std::vector<std::vector<Morsel>> cut(int64_t rows, bool last) const;
  void run_passes(const std::vector<std::vector<Morsel>>& work, int threads, std::vector<MorselRecord>& records);
  void keep(size_t column, size_t number, MorselRecord& record, bool complete);
  void drop_read(int64_t rows);
  int64_t wave_rows() const;

  ProfilerOptions options_;
  std::vector<std::string> names_;
  std::vector<ColumnType> types_;
  std::vector<ColumnState> states_;
  std::vector<MorselRecord> open_;  // of the morsel of which a part has been read, by column
  std::vector<std::vector<AnyOrder>> thread_totals_;  // of the threads beyond the first, by column
  std::unique_ptr<Segments> segments_;
  std::deque<std::unique_ptr<OwnedBatch>> batches_;
  int64_t unread_ = 0;
  int64_t rows_ = 0;
  bool finished_ = false;
};

}  // namespace dqm
