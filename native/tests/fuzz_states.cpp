// Damaged states must be refused or behave: never crash, hang or overflow. With clang this is a libFuzzer
// target; with any compiler the main below mutates real states for a given number of seconds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "dqm_kernel.h"
#include "errors.h"
#include "hash.h"
#include "random_table.h"
#include "state_codec.h"

namespace {

using Bytes = std::vector<uint8_t>;
constexpr size_t kHeaderBytes = 22;

// Makes the checksum right again, so that the mutation reaches the decoder behind it.
void repair(Bytes& bytes) {
  if (bytes.size() < kHeaderBytes) return;
  const uint64_t size = bytes.size() - kHeaderBytes;
  const uint64_t sum =
      dqm::hash_text(reinterpret_cast<const char*>(bytes.data()) + kHeaderBytes, static_cast<int64_t>(size));
  for (size_t i = 0; i < 8; ++i) bytes[6 + i] = static_cast<uint8_t>(size >> (8 * i));
  for (size_t i = 0; i < 8; ++i) bytes[14 + i] = static_cast<uint8_t>(sum >> (8 * i));
}

// Everything one can do with a state that was read.
bool use(const uint8_t* data, size_t size) {
  dqm_error error{};
  dqm_column* column = dqm_column_read(data, static_cast<int64_t>(size), &error);
  if (column == nullptr) return false;
  dqm_summary summary;
  dqm_column_summary(column, 3, &summary);
  for (const double q : {0.0, 0.3, 1.0}) dqm_column_rank(column, dqm_column_quantile(column, q));
  char text[512];
  double count;
  double off;
  for (int32_t i = 0; i < dqm_column_frequent(column); ++i) {
    dqm_column_frequent_item(column, i, text, sizeof text, &count, &off);
  }
  for (int32_t which = 0; which < 3; ++which) dqm_column_exact(column, which, text, sizeof text);
  dqm_column* merged = dqm_column_merge(column, column, &error);
  if (merged != nullptr) {
    int64_t written = 0;
    uint8_t* again = dqm_column_write(merged, &written, &error);
    dqm_column* read = again ? dqm_column_read(again, written, &error) : nullptr;
    if (read != nullptr) dqm_column_close(read);
    if (again != nullptr) dqm_bytes_close(again);
    dqm_column_close(merged);
  }
  dqm_column_close(column);
  return true;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const int64_t rows : {int64_t{3}, int64_t{300}, int64_t{20000}}) {
    dqm_test::RandomTable table(rows, 5);
    dqm_error error{};
    const dqm_options options{1, 1, nullptr, 0, 0, 0};
    dqm_profiler* profiler = dqm_profiler_open(table.schema(), &options, &error);
    ArrowArray batch = table.batch(0, rows);
    dqm_profiler_update(profiler, &batch, &error);
    dqm_profiler_finish(profiler, &error);
    for (int32_t i = 0; i < dqm_test::RandomTable::kColumns; ++i) {
      dqm_column* column = dqm_profiler_take(profiler, -1, i, &error);
      int64_t size = 0;
      uint8_t* bytes = dqm_column_write(column, &size, &error);
      out.emplace_back(bytes, bytes + size);
      dqm_bytes_close(bytes);
      dqm_column_close(column);
    }
    dqm_profiler_close(profiler);
  }
  return out;
}

void mutate(Bytes& bytes, std::mt19937_64& random) {
  const int changes = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < changes && !bytes.empty(); ++i) {
    // Half of all changes near the front, where the small fields are.
    const size_t span = random() % 2 ? bytes.size() : std::min<size_t>(bytes.size(), 400);
    const size_t at = random() % span;
    switch (random() % 5) {
      case 0: bytes[at] ^= static_cast<uint8_t>(1 << (random() % 8)); break;
      case 1: bytes[at] = static_cast<uint8_t>(random()); break;
      case 2: bytes[at] = random() % 2 ? 0xFF : 0; break;
      case 3: bytes.resize(at); break;
      default: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<uint8_t>(random()));
    }
  }
  if (random() % 8 != 0) repair(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  use(data, size);
  Bytes repaired(data, data + size);
  repair(repaired);
  use(repaired.data(), repaired.size());
  return 0;
}

#ifndef DQM_LIBFUZZER
int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  std::mt19937_64 random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  const std::vector<Bytes> originals = seeds();
  for (const Bytes& original : originals) {
    if (!use(original.data(), original.size())) {
      dqm_error error{};
      dqm_column_read(original.data(), static_cast<int64_t>(original.size()), &error);
      std::fprintf(stderr, "FAILED: an undamaged state was refused: %s\n", error.message);
      return 1;
    }
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  long tried = 0;
  long accepted = 0;
  while (std::chrono::steady_clock::now() < end) {
    Bytes bytes = originals[random() % originals.size()];
    mutate(bytes, random);
    accepted += use(bytes.data(), bytes.size());
    ++tried;
  }
  std::printf("fuzz_states: %ld damaged states, %ld still readable, no finding\n", tried, accepted);
}
#endif
