// Run under sanitizers: the same bytes from any number of threads, batches and instruction sets.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "dqm_kernel.h"
#include "random_table.h"

namespace {

using dqm_test::RandomTable;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  std::exit(1);
}

std::string bytes_of(const dqm_column* column) {
  dqm_error error{};
  int64_t size = 0;
  uint8_t* bytes = dqm_column_write(column, &size, &error);
  if (bytes == nullptr) fail(error.message);
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  dqm_bytes_close(bytes);
  return out;
}

std::vector<std::string> states(RandomTable& table, int threads, int64_t batch_rows, const char* segment_by) {
  dqm_error error{};
  dqm_options options{threads, 1, segment_by, 0, 10, 0};
  dqm_profiler* profiler = dqm_profiler_open(table.schema(), &options, &error);
  if (profiler == nullptr) fail(error.message);
  for (int64_t row = 0; row < table.rows(); row += batch_rows) {
    ArrowArray batch = table.batch(row, std::min(batch_rows, table.rows() - row));
    if (dqm_profiler_update(profiler, &batch, &error) != 0) fail(error.message);
  }
  if (dqm_profiler_finish(profiler, &error) != 0) fail(error.message);
  std::vector<std::string> out;
  for (int64_t segment = -1; segment < dqm_profiler_segments(profiler); ++segment) {
    for (int32_t column = 0; column < RandomTable::kColumns; ++column) {
      dqm_column* state = dqm_profiler_take(profiler, segment, column, &error);
      if (state == nullptr) fail(error.message);
      dqm_summary summary;
      dqm_column_summary(state, 3, &summary);
      dqm_column* merged = dqm_column_merge(state, state, &error);
      if (merged == nullptr) fail(error.message);
      out.push_back(bytes_of(state));
      out.push_back(bytes_of(merged));
      dqm_column_close(merged);
      dqm_column_close(state);
    }
  }
  dqm_profiler_close(profiler);
  return out;
}

// The states of a file's columns, or why the own reader does not take it.
std::vector<std::string> file_states(const std::string& path, int threads) {
  dqm_error error{};
  const dqm_options options{threads, 1, nullptr, 0, 10, 0};
  int32_t unsupported = 0;
  int64_t progress = 0;
  dqm_profiler* profiler = dqm_profile_csv(path.c_str(), &options, &unsupported, &progress, &error);
  if (profiler == nullptr) return {error.message};
  std::vector<std::string> out;
  for (int32_t i = 0; i < dqm_profiler_columns(profiler); ++i) {
    dqm_column* column = dqm_profiler_take(profiler, -1, i, &error);
    out.push_back(bytes_of(column));
    dqm_column_close(column);
  }
  dqm_profiler_close(profiler);
  return out;
}

// A file of many pieces; `odd` stands in one column of one late row.
void write_file(const std::string& path, const char* odd) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) fail("cannot write " + path);
  std::fputs("id,value,at,name\n", file);
  uint64_t random = 1;
  for (int row = 0; row < 60000; ++row) {
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    const auto value = static_cast<unsigned>(random >> 40);
    std::fprintf(file, "%d,%u.%02u,2024-01-%02u 10:11:%02u,name %u\n", row, value, value % 97, 1 + value % 28,
                 value % 60, value % 3000);
    if (row == 45000 && odd != nullptr) std::fprintf(file, "%s\n", odd);
  }
  std::fclose(file);
}

void compare_files() {
  const std::string path = "/tmp/dqm-profile-test-" + std::to_string(getpid()) + ".csv";
  const char* const odd_rows[] = {nullptr, "1,2.5,2024-02-01 10:11:12Z,zone", "x,y,2024-02-01 10:11:12,texts", "1,2"};
  for (const char* odd : odd_rows) {
    write_file(path, odd);
    const std::vector<std::string> expected = file_states(path, 1);
    for (const int threads : {2, 5}) {
      if (file_states(path, threads) != expected) fail(std::string("threads differ on a file with ") + (odd ? odd : "nothing odd"));
    }
  }
  std::remove(path.c_str());
}

// FNV-1a over all states, to compare processors of different kinds.
uint64_t digest(uint64_t so_far, const std::vector<std::string>& bytes) {
  for (const std::string& state : bytes) {
    for (const char c : state) so_far = (so_far ^ static_cast<uint8_t>(c)) * 0x100000001B3ull;
  }
  return so_far;
}

}  // namespace

int main() {
  compare_files();
  uint64_t all = 0xCBF29CE484222325ull;
  for (const int64_t rows : {int64_t{0}, int64_t{1}, int64_t{1000}, int64_t{5000}, int64_t{150000}}) {
    RandomTable table(rows, static_cast<uint64_t>(rows) + 1);
    const char* segment_by = rows <= 5000 ? "boolean" : nullptr;
    const std::vector<std::string> expected = states(table, 1, rows + 1, segment_by);
    all = digest(all, expected);
    for (const char* set : {"portable", "avx2", "avx512", "best"}) {
      if (dqm_force_instruction_set(set) != 0) continue;
      for (const int threads : {1, 4}) {
        for (const int64_t batch : {rows / 3 + 1, int64_t{777}}) {
          if (states(table, threads, batch, segment_by) != expected) {
            fail(std::string(set) + " gives other bytes at " + std::to_string(rows) + " rows");
          }
        }
      }
    }
  }
  std::printf("profile_test: same bytes everywhere, digest %016llx\n", static_cast<unsigned long long>(all));
}
