// Codes of texts: an open-addressing table whose keys are the texts' bytes, up to 16 of them in the slot itself.
#include "dqm_texts.h"

#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace {

struct Key {
  uint64_t head, tail;
  uint64_t length;
};

// The first and the last eight bytes tell texts of up to sixteen bytes exactly; they overlap in shorter ones.
inline Key key_of(const uint8_t *text, uint64_t length) {
  Key key{0, 0, length};
  if (length >= 8) {
    std::memcpy(&key.head, text, 8);
    std::memcpy(&key.tail, text + length - 8, 8);
  } else if (length >= 4) {
    uint32_t head, tail;
    std::memcpy(&head, text, 4);
    std::memcpy(&tail, text + length - 4, 4);
    key.head = head | (static_cast<uint64_t>(tail) << 32);
  } else if (length > 0) {
    key.head = text[0] | (static_cast<uint64_t>(text[length >> 1]) << 8) |
               (static_cast<uint64_t>(text[length - 1]) << 16);
  }
  return key;
}

constexpr uint64_t kInside = 16;

// Both halves of a product of 64 by 64 bits: each bit of either factor reaches the low bits, which choose the slot.
inline uint64_t mixed(uint64_t one, uint64_t other) {
  const unsigned __int128 product = static_cast<unsigned __int128>(one) * other;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t hash_of(const Key &key, const uint8_t *text) {
  uint64_t hash = mixed(key.head ^ 0x9E3779B97F4A7C15u, (key.tail + key.length) ^ 0xD1B54A32D192ED03u);
  for (uint64_t at = 8; at + 8 < key.length; at += 8) {
    uint64_t part;
    std::memcpy(&part, text + at, 8);
    hash = mixed(hash ^ part, 0x9E3779B97F4A7C15u);
  }
  return hash;
}

struct Slot {
  uint64_t hash;
  uint32_t code;  // 0: free
};

// Rows whose slots are asked for together, so that the memory's delays overlap.
constexpr int64_t kTogether = 64;

}  // namespace

struct dqm_text_coder {
  explicit dqm_text_coder(int32_t most) : most(most), slots(1024) {}

  // Code of a text; `fresh` is set where it is new, and 0 comes back when there is no room for it.
  uint32_t code(const uint8_t *text, const Key &key, uint64_t hash, bool &fresh) {
    const uint64_t mask = slots.size() - 1;
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
      const Slot slot = slots[at];
      if (slot.code == 0) {
        if (static_cast<int64_t>(keys.size()) >= most) return 0;
        fresh = true;
        return added(text, key, hash, at);
      }
      if (slot.hash == hash && same(slot.code - 1, text, key)) return slot.code;
    }
  }

  bool same(uint32_t place, const uint8_t *text, const Key &key) const {
    const Key &known = keys[place];
    return known.head == key.head && known.tail == key.tail && known.length == key.length &&
           (key.length <= kInside || std::memcmp(longer[place].data(), text, key.length) == 0);
  }

  uint32_t added(const uint8_t *text, const Key &key, uint64_t hash, uint64_t at) {
    keys.push_back(key);
    longer.emplace_back();
    if (key.length > kInside) longer.back().assign(reinterpret_cast<const char *>(text), key.length);
    const uint32_t given = static_cast<uint32_t>(keys.size());
    slots[at] = Slot{hash, given};
    if (keys.size() * 2 > slots.size()) grow();
    return given;
  }

  void grow() {
    std::vector<Slot> wider(slots.size() * 2);
    const uint64_t mask = wider.size() - 1;
    for (const Slot &slot : slots) {
      if (slot.code == 0) continue;
      uint64_t at = slot.hash & mask;
      while (wider[at].code != 0) at = (at + 1) & mask;
      wider[at] = slot;
    }
    slots.swap(wider);
  }

  int64_t most;
  std::vector<Slot> slots;
  std::vector<Key> keys;            // by code - 1
  std::vector<std::string> longer;  // by code - 1: texts of which the key is not all
};

namespace {

template <typename Offset>
int32_t codes_of(dqm_text_coder &coder, const uint8_t *data, const Offset *offsets, const uint8_t *validity,
                 int64_t first_bit, int64_t rows, uint16_t *codes, int64_t *firsts) {
  Key keys[kTogether];
  uint64_t hashes[kTogether];
  for (int64_t start = 0; start < rows; start += kTogether) {
    const int64_t count = rows - start < kTogether ? rows - start : kTogether;
    const uint64_t mask = coder.slots.size() - 1;
    for (int64_t i = 0; i < count; ++i) {
      const uint8_t *text = data + offsets[start + i];
      keys[i] = key_of(text, static_cast<uint64_t>(offsets[start + i + 1] - offsets[start + i]));
      hashes[i] = hash_of(keys[i], text);
      __builtin_prefetch(&coder.slots[hashes[i] & mask]);
    }
    for (int64_t i = 0; i < count; ++i) {
      const int64_t row = start + i, bit = first_bit + row;
      if (validity != nullptr && !((validity[bit >> 3] >> (bit & 7)) & 1)) {
        codes[row] = 0;
        continue;
      }
      bool fresh = false;
      const uint32_t code = coder.code(data + offsets[row], keys[i], hashes[i], fresh);
      if (code == 0) return -1;
      if (fresh) firsts[code - 1] = row;
      codes[row] = static_cast<uint16_t>(code);
    }
  }
  return static_cast<int32_t>(coder.keys.size());
}

}  // namespace

extern "C" {

DQM_TEXTS_API dqm_text_coder *dqm_text_coder_open(int32_t most) {
  if (most < 0 || most > 65535) return nullptr;
  try {
    return new dqm_text_coder(most);
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

DQM_TEXTS_API void dqm_text_coder_close(dqm_text_coder *coder) { delete coder; }

DQM_TEXTS_API int32_t dqm_text_codes(dqm_text_coder *coder, const uint8_t *data, const void *offsets, int32_t wide,
                                     const uint8_t *validity, int64_t first_bit, int64_t rows, uint16_t *codes,
                                     int64_t *firsts) {
  try {
    if (wide != 0) {
      return codes_of(*coder, data, static_cast<const int64_t *>(offsets), validity, first_bit, rows, codes, firsts);
    }
    return codes_of(*coder, data, static_cast<const int32_t *>(offsets), validity, first_bit, rows, codes, firsts);
  } catch (const std::bad_alloc &) {
    return -1;
  }
}

DQM_TEXTS_API int64_t dqm_text_marks(const uint16_t *codes, int64_t rows, const uint8_t *marked, uint8_t *marks) {
  int64_t count = 0;
  for (int64_t row = 0; row < rows; ++row) {
    marks[row] = marked[codes[row]];
    count += marks[row];
  }
  return count;
}

}  // extern "C"
