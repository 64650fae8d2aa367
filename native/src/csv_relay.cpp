#include "csv_relay.h"

#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "parallel.h"
#include "turnstile.h"

namespace dqm {
namespace {

constexpr int64_t kPieceBytes = 1 << 18;

class Relay {
 public:
  Relay(RowReader& reader, const CsvFormat& format, Profiler& profiler, volatile int64_t* progress)
      : reader_(reader), format_(format), profiler_(profiler), progress_(progress), parts_(profiler.parts()) {}

  void run(int threads) {
    for_each_task(static_cast<size_t>(threads), threads, [&](size_t, int) { take_pieces(); });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void take_pieces() {
    for (bool more = true; more;) {
      int64_t number = 0;
      try {
        CsvBytes piece = read(number);
        more = piece.size > 0 && take(number, std::move(piece));
      } catch (...) {
        fail(number);
        return;
      }
    }
  }

  // No bytes: there are no more.
  CsvBytes read(int64_t& number) {
    const std::lock_guard<std::mutex> guard(reading_);
    number = read_;
    if (done_) return {};
    ++read_;
    done_ = true;  // also when reading fails
    CsvBytes piece = reader_.read(kPieceBytes);
    done_ = piece.size == 0;
    return piece;
  }

  // False when a piece before it has failed.
  bool take(int64_t number, CsvBytes piece) {
    const int64_t bytes = piece.size;
    check_text(piece);
    ArrowArray parsed = parse_chunk(std::move(piece), format_);
    auto batch = std::make_shared<OwnedBatch>(&parsed);
    if (!arrivals_.enter(number)) return false;
    const Wave wave = profiler_.begin(std::move(batch));
    if (progress_ != nullptr) *progress_ = *progress_ + bytes;
    arrivals_.leave();
    for (size_t part = 0; part < parts_.size(); ++part) {
      if (!parts_[part].enter(number)) return false;
      profiler_.run(wave, part);
      parts_[part].leave();
    }
    return true;
  }

  void fail(int64_t number) {
    const std::lock_guard<std::mutex> guard(reading_);
    done_ = true;
    if (number < failed_) {
      failed_ = number;
      failure_ = std::current_exception();
    }
    arrivals_.break_at(number);
    for (Turnstile& part : parts_) part.break_at(number);
  }

  RowReader& reader_;
  const CsvFormat& format_;
  Profiler& profiler_;
  volatile int64_t* progress_;
  std::mutex reading_;
  bool done_ = false;
  int64_t read_ = 0;
  Turnstile arrivals_;            // where pieces become rows behind those of the piece before
  std::vector<Turnstile> parts_;  // of the profiler
  int64_t failed_ = std::numeric_limits<int64_t>::max();
  std::exception_ptr failure_;    // of that piece
};

}  // namespace

void profile_rows(RowReader& reader, const CsvFormat& format, int threads, Profiler& profiler,
                  volatile int64_t* progress) {
  Relay(reader, format, profiler, progress).run(threads);
  profiler.finish();
}

}  // namespace dqm
