// The C interface: no exception leaves it.
#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "csv_profile.h"
#include "dqm_kernel.h"
#include "errors.h"
#include "guarded.h"
#include "kernels.h"
#include "profiler.h"
#include "state_codec.h"
#include "summary.h"

struct dqm_profiler {
  dqm::Profiler profiler;
};

struct dqm_column {
  dqm::ColumnState state;
  std::vector<dqm::RankedValue> ranked;
};

namespace {

using dqm::ColumnState;
using dqm::Error;
using dqm::guarded;
using dqm::report;

dqm_column* own(ColumnState state) {
  auto* column = new dqm_column{std::move(state), {}};
  column->ranked = column->state.ordered.quantiles.ranked();
  return column;
}

int64_t copy_out(const void* from, size_t size, void* out, int64_t capacity) {
  const auto bytes = static_cast<int64_t>(size);
  if (out != nullptr && capacity > 0 && bytes > 0) {
    std::memcpy(out, from, static_cast<size_t>(std::min(bytes, capacity)));
  }
  return bytes;
}

int cores() {
  static const int count = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return count;
}

dqm::ProfilerOptions read_options(const dqm_options* given) {
  dqm::ProfilerOptions options;
  options.threads = given->threads > 0 ? given->threads
                                       : cores();
  options.pass.sketched = given->sketches != 0;
  options.pass.limits = {given->lower_limit, given->upper_limit};
  if (given->read_ahead > 0) options.wave_values = given->read_ahead;
  if (given->segment_by != nullptr) options.segment_by = given->segment_by;
  return options;
}

// An Arrow stream's schema, released with the scope.
class StreamSchema {
 public:
  explicit StreamSchema(ArrowArrayStream* stream) {
    if (stream->get_schema(stream, &schema) != 0) {
      const char* message = stream->get_last_error(stream);
      throw Error(std::string("the Arrow stream gives no schema: ") + (message ? message : "no reason given"));
    }
  }
  StreamSchema(const StreamSchema&) = delete;
  StreamSchema& operator=(const StreamSchema&) = delete;
  ~StreamSchema() {
    if (schema.release != nullptr) schema.release(&schema);
  }
  ArrowSchema schema{};
};

// Reads up to `most` batches; returns how many there were.
int64_t consume(dqm::Profiler& profiler, ArrowArrayStream* stream, int64_t most) {
  int64_t batches = 0;
  for (; batches < most; ++batches) {
    ArrowArray batch{};
    if (stream->get_next(stream, &batch) != 0) {
      const char* message = stream->get_last_error(stream);
      throw Error(std::string("the Arrow stream broke off: ") + (message ? message : "no reason given"));
    }
    if (batch.release == nullptr) break;
    profiler.update(&batch);
  }
  return batches;
}

}  // namespace

extern "C" {

const char* dqm_instruction_set(void) { return dqm::kernels().name; }

int dqm_force_instruction_set(const char* name) { return dqm::force_kernels(name) ? 0 : -1; }

int32_t dqm_state_version(void) { return dqm::kStateVersion; }

dqm_profiler* dqm_profiler_open(const ArrowSchema* schema, const dqm_options* options, dqm_error* error) {
  return guarded<dqm_profiler*>(error, nullptr, [&] {
    return new dqm_profiler{dqm::Profiler(*schema, read_options(options))};
  });
}

void dqm_profiler_close(dqm_profiler* profiler) { delete profiler; }

int dqm_profiler_update(dqm_profiler* profiler, ArrowArray* batch, dqm_error* error) {
  return guarded(error, -1, [&] {
    profiler->profiler.update(batch);
    return 0;
  });
}

int64_t dqm_profiler_consume(dqm_profiler* profiler, ArrowArrayStream* stream, int64_t batches, dqm_error* error) {
  return guarded<int64_t>(error, -1, [&] { return consume(profiler->profiler, stream, batches); });
}

dqm_profiler* dqm_profile_stream(ArrowArrayStream* stream, const dqm_options* options, dqm_error* error) {
  return guarded<dqm_profiler*>(error, nullptr, [&] {
    const StreamSchema read(stream);
    auto profiler = std::make_unique<dqm_profiler>(dqm_profiler{dqm::Profiler(read.schema, read_options(options))});
    consume(profiler->profiler, stream, std::numeric_limits<int64_t>::max());
    profiler->profiler.finish();
    return profiler.release();
  });
}

dqm_profiler* dqm_profile_csv(const char* path, const dqm_options* options, int32_t* unsupported,
                              volatile int64_t* progress, dqm_error* error) {
  return guarded<dqm_profiler*>(error, nullptr, [&]() -> dqm_profiler* {
    *unsupported = 0;
    try {
      return new dqm_profiler{dqm::profile_csv(path, read_options(options), progress)};
    } catch (const dqm::CsvUnsupported& problem) {
      *unsupported = 1;
      report(error, problem.reason.c_str());
      return nullptr;
    }
  });
}

int dqm_profiler_finish(dqm_profiler* profiler, dqm_error* error) {
  return guarded(error, -1, [&] {
    profiler->profiler.finish();
    return 0;
  });
}

int64_t dqm_profiler_rows(const dqm_profiler* profiler) { return profiler->profiler.rows(); }

int32_t dqm_profiler_columns(const dqm_profiler* profiler) {
  return static_cast<int32_t>(profiler->profiler.names().size());
}

const char* dqm_profiler_name(const dqm_profiler* profiler, int32_t column) {
  return profiler->profiler.names()[static_cast<size_t>(column)].c_str();
}

int64_t dqm_profiler_segments(const dqm_profiler* profiler) {
  const dqm::Segments* segments = profiler->profiler.segments();
  return segments ? static_cast<int64_t>(segments->count()) : 0;
}

int64_t dqm_profiler_segment_name(const dqm_profiler* profiler, int64_t segment, char* out, int64_t capacity) {
  const std::string& key = profiler->profiler.segments()->key(static_cast<size_t>(segment));
  return copy_out(key.data(), key.size(), out, capacity);
}

dqm_column* dqm_profiler_take(dqm_profiler* profiler, int64_t segment, int32_t column, dqm_error* error) {
  return guarded<dqm_column*>(error, nullptr, [&] {
    return own(profiler->profiler.take(segment, static_cast<size_t>(column)));
  });
}

void dqm_column_close(dqm_column* column) { delete column; }

void dqm_column_summary(const dqm_column* column, double outlier_z, dqm_summary* out) {
  dqm::summarize(column->state, column->ranked, outlier_z, *out);
}

double dqm_column_quantile(const dqm_column* column, double q) {
  return dqm::quantile(column->state, column->ranked, q);
}

double dqm_column_rank(const dqm_column* column, double value) {
  return dqm::rank(column->state, column->ranked, value);
}

int64_t dqm_column_exact(const dqm_column* column, int32_t which, char* out, int64_t capacity) {
  const dqm::ExactTotals& exact = column->state.totals.exact;
  const dqm::int128 value = which == 0 ? exact.minimum : which == 1 ? exact.maximum : exact.sum;
  const std::string text = dqm::decimal_text(value, column->state.decimals);
  return copy_out(text.data(), text.size(), out, capacity);
}

int64_t dqm_column_text(const dqm_column* column, int32_t which, char* out, int64_t capacity) {
  const dqm::TextTotals& text = column->state.totals.text;
  if (!text.any) return -1;
  const std::string& value = which == 0 ? text.first : text.last;
  return copy_out(value.data(), value.size(), out, capacity);
}

int32_t dqm_column_frequent(const dqm_column* column) {
  return static_cast<int32_t>(column->state.ordered.frequent.items().size());
}

int64_t dqm_column_frequent_item(const dqm_column* column, int32_t item, char* out, int64_t capacity,
                                 double* count, double* error) {
  const dqm::FrequentItems& frequent = column->state.ordered.frequent;
  const dqm::FrequentItem& found = frequent.items()[static_cast<size_t>(item)];
  *count = static_cast<double>(found.count);
  *error = frequent.error_of(found);
  return copy_out(found.value.data(), found.value.size(), out, capacity);
}

dqm_column* dqm_column_merge(const dqm_column* a, const dqm_column* b, dqm_error* error) {
  return guarded<dqm_column*>(error, nullptr, [&] {
    ColumnState merged = a->state;
    merged.merge(b->state);
    return own(std::move(merged));
  });
}

uint8_t* dqm_column_write(const dqm_column* column, int64_t* size, dqm_error* error) {
  return guarded<uint8_t*>(error, nullptr, [&] {
    const std::vector<uint8_t> bytes = dqm::write_state(column->state);
    auto* out = new uint8_t[bytes.size()];
    std::memcpy(out, bytes.data(), bytes.size());
    *size = static_cast<int64_t>(bytes.size());
    return out;
  });
}

void dqm_bytes_close(uint8_t* bytes) { delete[] bytes; }

dqm_column* dqm_column_read(const uint8_t* bytes, int64_t size, dqm_error* error) {
  return guarded<dqm_column*>(error, nullptr, [&] {
    return own(dqm::read_state(bytes, static_cast<size_t>(size)));
  });
}

}  // extern "C"
