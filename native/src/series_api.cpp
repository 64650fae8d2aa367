// The C interface of series: no exception leaves it.
#include <cstring>

#include "dqm_series.h"
#include "guarded.h"
#include "number_stream.h"
#include "series_state.h"

struct dqm_series {
  dqm::SeriesState state;
};

namespace {

using dqm::guarded;

dqm::SeriesSettings settings_of(const dqm_series_settings& given) {
  dqm::MethodOptions options;
  options.period = given.period;
  if (given.history > 0.0) options.history = given.history;
  if (given.drop > 0.0) options.drop = given.drop;
  options.needed = given.needed;
  options.window = given.window;
  return {static_cast<dqm::Method>(given.method), static_cast<dqm::ValueKind>(given.kind),
          static_cast<size_t>(given.adapt_after), options, {given.weeks, given.points, given.z},
          {static_cast<dqm::BadWhen>(given.bad_when), given.least_change, given.least_relative}};
}

void put(const dqm::PointVerdict& from, dqm_series_verdict& out) {
  out.expected = from.expected;
  out.lower = from.lower;
  out.upper = from.upper;
  out.scale = from.scale;
  out.score = from.score;
  out.n = static_cast<int64_t>(from.n);
  out.needed = static_cast<int64_t>(from.needed);
  out.verdict = static_cast<int64_t>(from.verdict);
  out.layout = from.parameters.layout;
  std::memcpy(out.parameters, from.parameters.values, sizeof out.parameters);
}

uint8_t* given_away(const std::vector<uint8_t>& bytes) {
  auto* copy = new uint8_t[bytes.size() + 1];  // dqm_bytes_close deletes it
  std::memcpy(copy, bytes.data(), bytes.size());
  return copy;
}

void read_state(dqm::SeriesState& state, const uint8_t* bytes, int64_t size) {
  dqm::NumberReader in(bytes, static_cast<size_t>(size));
  state.read(in);
  if (!in.done()) throw dqm::Error("the state is corrupt: there is more than it should hold");
}

}  // namespace

extern "C" {

dqm_series* dqm_series_open(const dqm_series_settings* settings, dqm_error* error) {
  return guarded(error, static_cast<dqm_series*>(nullptr),
                 [&] { return new dqm_series{dqm::SeriesState(settings_of(*settings))}; });
}

void dqm_series_close(dqm_series* series) { delete series; }

int64_t dqm_series_n(const dqm_series* series) { return static_cast<int64_t>(series->state.n()); }

int64_t dqm_series_needed(const dqm_series* series) { return static_cast<int64_t>(series->state.needed()); }

int dqm_series_judge(dqm_series* series, double ts, double value, dqm_series_verdict* out, dqm_error* error) {
  return guarded(error, -1, [&] {
    put(series->state.judge(ts, value), *out);
    return 0;
  });
}

int dqm_series_learn(dqm_series* series, double ts, double value, int32_t excluded, dqm_error* error) {
  return guarded(error, -1, [&] {
    series->state.learn(ts, value, excluded != 0, excluded != 0);
    return 0;
  });
}

int dqm_series_run(dqm_series* series, int64_t count, const double* ts, const double* values,
                   const uint8_t* flags, dqm_series_verdict* out, dqm_error* error) {
  return guarded(error, -1, [&] {
    for (int64_t i = 0; i < count; ++i) put(series->state.step(ts[i], values[i], flags[i]), out[i]);
    return 0;
  });
}

uint8_t* dqm_series_write(const dqm_series* series, int64_t* size, dqm_error* error) {
  return guarded(error, static_cast<uint8_t*>(nullptr), [&] {
    dqm::NumberWriter out;
    series->state.write(out);
    *size = static_cast<int64_t>(out.bytes().size());
    return given_away(out.bytes());
  });
}

int dqm_series_read(dqm_series* series, const uint8_t* bytes, int64_t size, dqm_error* error) {
  return guarded(error, -1, [&] {
    read_state(series->state, bytes, size);
    return 0;
  });
}

uint8_t* dqm_series_step_many(int64_t count, const dqm_series_settings* const* settings,
                              const uint8_t* const* states, const int64_t* sizes, const double* ts,
                              const double* values, const uint8_t* flags, dqm_series_verdict* out,
                              int64_t* ends, dqm_error* error) {
  return guarded(error, static_cast<uint8_t*>(nullptr), [&] {
    dqm::NumberWriter all;
    for (int64_t i = 0; i < count; ++i) {
      dqm::SeriesState state(settings_of(*settings[i]));
      read_state(state, states[i], sizes[i]);
      put(state.step(ts[i], values[i], flags[i]), out[i]);
      state.write(all);
      ends[i] = static_cast<int64_t>(all.bytes().size());
    }
    return given_away(all.bytes());
  });
}

int dqm_series_refit(const dqm_series_settings* settings, int64_t count, int64_t length, const double* ts,
                     const double* values, double at, dqm_series_verdict* out, dqm_error* error) {
  return guarded(error, -1, [&] {
    const std::vector<double> times(ts, ts + length);
    for (int64_t i = 0; i < count; ++i) {
      const double* row = values + i * length;
      dqm::SeriesState state(settings_of(*settings));
      state.restart(times, {row, row + length});
      put(state.band(at), out[i]);
    }
    return 0;
  });
}

}  // extern "C"
