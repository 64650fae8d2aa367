// Odd CSV files must be read, refused, or left to another reader: never crash, hang or overflow.
// As fuzz_states.cpp: a libFuzzer target with clang, else a main that mutates for a number of seconds.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "dqm_kernel.h"

namespace {

const char* path() {
  static const std::string name = "/tmp/dqm-fuzz-" + std::to_string(getpid()) + ".csv";
  return name.c_str();
}

// Whether the own reader took it.
bool use(const std::string& text) {
  std::FILE* file = std::fopen(path(), "wb");
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
  dqm_error error{};
  const dqm_options options{1, 1, nullptr, 0, 0, 0};
  int32_t unsupported = 0;
  dqm_profiler* profiler = dqm_profile_csv(path(), &options, &unsupported, nullptr, &error);
  if (profiler == nullptr) return false;
  for (int32_t i = 0; i < dqm_profiler_columns(profiler); ++i) {
    dqm_column* column = dqm_profiler_take(profiler, -1, i, &error);
    dqm_summary summary;
    dqm_column_summary(column, 3, &summary);
    dqm_column_close(column);
  }
  dqm_profiler_close(profiler);
  return true;
}

// Mostly well-formed rows of typed columns, with now and then something else.
std::string random_file(std::mt19937_64& random) {
  static const char* kFields[] = {"1", "-2.5", "3e8", "nan", "2024-02-29", "2024-02-29 10:11:12.345", "2024-02-29 10:11",
                                  "2024-02-29T10:11:12Z", "2024-02-29 10:11:12.3456789+05:30", "true", "text",
                                  "\"a,b\"", "\"x\"\"y\"", "\"two\nlines\"", "", "99999999999999999999", "0.1234567890123456789",
                                  "\xC3\xA9", "007", "-", ".", "1.2.3", "\"", "\xFF", "'q'", "1970-13-40"};
  constexpr size_t kCount = sizeof kFields / sizeof *kFields;
  const char* newline = random() % 4 ? "\n" : "\r\n";
  const char delimiter = ",;\t|"[random() % 4];
  const size_t columns = 2 + random() % 5;
  std::string text = random() % 8 ? "" : "\xEF\xBB\xBF";
  size_t kinds[8];
  for (size_t c = 0; c < columns; ++c) {
    kinds[c] = random() % kCount;
    text += (c ? std::string(1, delimiter) : "") + "c" + std::to_string(c);
  }
  text += newline;
  const size_t rows = 1 + random() % 40;
  const bool tidy = random() % 2;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) {
      if (c) text += delimiter;
      text += kFields[tidy || random() % 16 ? kinds[c] : random() % kCount];
    }
    text += newline;
  }
  if (random() % 4 == 0) {
    for (int i = 0; i < 3 && !text.empty(); ++i) text[random() % text.size()] = static_cast<char>(random());
  }
  if (random() % 8 == 0) text.resize(random() % (text.size() + 1));
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  use(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

#ifndef DQM_LIBFUZZER
int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  std::mt19937_64 random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  long tried = 0;
  long taken = 0;
  while (std::chrono::steady_clock::now() < end) {
    taken += use(random_file(random));
    ++tried;
  }
  std::remove(path());
  if (taken == 0) {
    std::fputs("FAILED: the own reader took none of the files\n", stderr);
    return 1;
  }
  std::printf("fuzz_csv: %ld files, %ld taken by the own reader, no finding\n", tried, taken);
}
#endif
