// Odd values and broken states of series must be judged or refused: never crash or overflow.
// As fuzz_states.cpp: a libFuzzer target with clang, else a main that mutates for a number of seconds.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "dqm_series.h"

namespace {

constexpr int kMethods = 6;

dqm_series_settings settings_of(int method) {
  dqm_series_settings settings{};
  settings.method = method;
  settings.points = 100;
  return settings;
}

double odd_value(std::mt19937_64& random) {
  switch (random() % 40) {
    case 0: return std::numeric_limits<double>::quiet_NaN();
    case 1: return std::numeric_limits<double>::infinity();
    case 2: return std::numeric_limits<double>::max();
    case 3: return -std::numeric_limits<double>::max();
    case 4: return std::numeric_limits<double>::denorm_min();
    default: return static_cast<double>(random() % 100);
  }
}

// Judges and learns some points; returns the state.
std::vector<uint8_t> state_of(dqm_series* series, std::mt19937_64& random, int points) {
  dqm_error error{};
  for (int i = 0; i < points; ++i) {
    const double ts = 1.6e9 + 3600.0 * i, value = odd_value(random);
    const uint8_t flags = static_cast<uint8_t>(random() % 16 == 0 ? random() % 4 : 0);
    dqm_series_verdict verdict;
    if (dqm_series_run(series, 1, &ts, &value, &flags, &verdict, &error) != 0) std::abort();
  }
  int64_t size = 0;
  uint8_t* bytes = dqm_series_write(series, &size, &error);
  std::vector<uint8_t> state(bytes, bytes + size);
  dqm_bytes_close(bytes);
  return state;
}

// Whether the state was taken; if so, it goes on.
bool use(int method, const std::vector<uint8_t>& state) {
  dqm_error error{};
  const dqm_series_settings settings = settings_of(method);
  dqm_series* series = dqm_series_open(&settings, &error);
  const bool taken = dqm_series_read(series, state.data(), static_cast<int64_t>(state.size()), &error) == 0;
  if (taken) {
    std::mt19937_64 random(1);
    state_of(series, random, 20);
  }
  dqm_series_close(series);
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) use(data[0] % kMethods, {data + 1, data + size});
  return 0;
}

#ifndef DQM_LIBFUZZER
int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  std::mt19937_64 random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  long tried = 0, whole = 0, broken = 0;
  while (std::chrono::steady_clock::now() < end) {
    const int method = static_cast<int>(random() % kMethods);
    const dqm_series_settings settings = settings_of(method);
    dqm_error error{};
    dqm_series* series = dqm_series_open(&settings, &error);
    std::vector<uint8_t> state = state_of(series, random, static_cast<int>(random() % 300));
    dqm_series_close(series);
    if (!use(method, state)) {
      std::fprintf(stderr, "FAILED: method %d does not read its own state\n", method);
      return 1;
    }
    ++whole;
    for (int i = 0; i < 20; ++i) {
      std::vector<uint8_t> other(state);
      if (random() % 4 == 0) other.resize(random() % (other.size() + 1));
      for (uint64_t left = random() % 4; left > 0 && !other.empty(); --left) {
        other[random() % other.size()] = static_cast<uint8_t>(random());
      }
      broken += use(method, other);
      ++tried;
    }
  }
  std::printf("fuzz_series: %ld states read back, %ld broken ones, %ld of them taken, no finding\n", whole, tried,
              broken);
}
#endif
