// Codes of texts: an open-addressing table whose slots hold texts of up to seven bytes themselves.
#include "dqm_texts.h"

#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace {

// Texts of up to this many bytes are their own word: one comparison tells them.
constexpr int64_t kShort = 7;
// Longer ones of up to this many are told by their first and last eight bytes, which overlap.
constexpr int64_t kMiddle = 16;
constexpr uint64_t kLongMark = 0xFFull << 56;  // no length of a short text
constexpr uint64_t kSpread = 0x9E3779B97F4A7C15u;

inline uint64_t eight_bytes(const uint8_t *text) {
  uint64_t bytes;
  std::memcpy(&bytes, text, 8);
  return bytes;
}

// Both halves of a product of 64 by 64 bits: each bit of either factor reaches all bits.
inline uint64_t mixed(uint64_t one, uint64_t other) {
  const unsigned __int128 product = static_cast<unsigned __int128>(one) * other;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Mark, length modulo 256, and 48 bits of hash.
inline uint64_t long_word(const uint8_t *text, int64_t length) {
  uint64_t hash = mixed(eight_bytes(text) ^ kSpread, eight_bytes(text + length - 8) ^ 0xD1B54A32D192ED03u);
  for (int64_t at = 8; at + 8 < length; at += 8) hash = mixed(hash ^ eight_bytes(text + at), kSpread);
  return (hash >> 16) | (static_cast<uint64_t>(length & 0xFF) << 48) | kLongMark;
}

// The text itself below its length, or its marked hash. Eight bytes must be readable at `text`.
inline uint64_t word_of(const uint8_t *text, int64_t length) {
  if (length > kShort) return long_word(text, length);
  return (eight_bytes(text) & ((1ull << (8 * length)) - 1)) | (static_cast<uint64_t>(length) << 56);
}

// The same where the buffer may end behind the text.
inline uint64_t last_word_of(const uint8_t *text, int64_t length) {
  if (length > kShort) return long_word(text, length);
  uint8_t bytes[8] = {};
  if (length > 0) std::memcpy(bytes, text, static_cast<size_t>(length));
  return word_of(bytes, length);
}

struct Slot {
  uint64_t word;
  uint32_t code;  // 0: free
};

struct Ends {
  uint64_t first, last;
};

// Slots a text, at least: where texts come in random order, each collision is a branch guessed wrongly.
constexpr size_t kRoom = 8;
// Rows whose slots are asked for together, so that the memory's delays overlap.
constexpr int64_t kTogether = 64;
// Bytes that are asked for ahead: the processor itself looks ahead to the end of a page only.
constexpr int64_t kAhead = 4096, kLine = 64;

inline void ask_ahead(const void *from, int64_t bytes) {
  const char *at = static_cast<const char *>(from) + kAhead;
  for (const char *end = at + bytes; at < end; at += kLine) __builtin_prefetch(at);
}

}  // namespace

struct dqm_text_coder {
  explicit dqm_text_coder(int32_t most) : most(most), slots(1024), shift(54) {}

  uint64_t place(uint64_t word) const { return (word * kSpread) >> shift; }

  // Code of a text; `fresh` is set where it is new, and 0 comes back when there is no room for it.
  inline uint32_t code(const uint8_t *text, int64_t length, uint64_t word, bool &fresh) {
    const uint64_t mask = slots.size() - 1;
    for (uint64_t at = place(word);; at = (at + 1) & mask) {
      const Slot slot = slots[at];
      if (slot.word == word && slot.code != 0 && (word < kLongMark || same(slot.code - 1, text, length))) {
        return slot.code;
      }
      if (slot.code == 0) {
        if (static_cast<int64_t>(texts.size()) >= most) return 0;
        fresh = true;
        return added(text, length, word, at);
      }
    }
  }

  // Of texts of more than `kShort` bytes whose words, and so their lengths modulo 256, are the same.
  bool same(uint32_t code, const uint8_t *text, int64_t length) const {
    const Ends known = ends[code];
    if (known.first != eight_bytes(text) || known.last != eight_bytes(text + length - 8)) return false;
    const std::string &whole = texts[code];
    return length <= kMiddle
               ? whole.size() <= kMiddle
               : whole.size() == static_cast<size_t>(length) && std::memcmp(whole.data(), text, whole.size()) == 0;
  }

  uint32_t added(const uint8_t *text, int64_t length, uint64_t word, uint64_t at) {
    texts.emplace_back(reinterpret_cast<const char *>(text), static_cast<size_t>(length));
    ends.push_back(length > kShort ? Ends{eight_bytes(text), eight_bytes(text + length - 8)} : Ends{0, 0});
    const uint32_t given = static_cast<uint32_t>(texts.size());
    slots[at] = Slot{word, given};
    if (texts.size() * kRoom > slots.size()) grow();
    return given;
  }

  void grow() {
    std::vector<Slot> narrow(slots.size() * 2);
    narrow.swap(slots);
    --shift;
    const uint64_t mask = slots.size() - 1;
    for (const Slot &slot : narrow) {
      if (slot.code == 0) continue;
      uint64_t at = place(slot.word);
      while (slots[at].code != 0) at = (at + 1) & mask;
      slots[at] = slot;
    }
  }

  int64_t most;
  std::vector<Slot> slots;
  int shift;                       // 64 less the bits of a place
  std::vector<Ends> ends;          // by code - 1
  std::vector<std::string> texts;  // by code - 1
};

namespace {

template <typename Offset>
void words_of(const dqm_text_coder &coder, const uint8_t *data, const Offset *offsets, int64_t count, bool readable,
              uint64_t *words) {
  ask_ahead(offsets, count * static_cast<int64_t>(sizeof(Offset)));
  ask_ahead(data + offsets[0], static_cast<int64_t>(offsets[count] - offsets[0]));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t length = static_cast<int64_t>(offsets[i + 1]) - static_cast<int64_t>(offsets[i]);
    words[i] = readable ? word_of(data + offsets[i], length) : last_word_of(data + offsets[i], length);
    __builtin_prefetch(&coder.slots[coder.place(words[i])]);
  }
}

template <typename Offset>
int32_t codes_of(dqm_text_coder &coder, const uint8_t *data, const Offset *offsets, const uint8_t *validity,
                 int64_t first_bit, int64_t rows, uint16_t *codes, int64_t *firsts) {
  uint64_t words[kTogether];
  for (int64_t start = 0; start < rows; start += kTogether) {
    const int64_t count = rows - start < kTogether ? rows - start : kTogether;
    words_of(coder, data, offsets + start, count, offsets[start + count] + 8 <= offsets[rows], words);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t row = start + i, bit = first_bit + row;
      if (validity != nullptr && !((validity[bit >> 3] >> (bit & 7)) & 1)) {
        codes[row] = 0;
        continue;
      }
      bool fresh = false;
      const int64_t length = static_cast<int64_t>(offsets[row + 1]) - static_cast<int64_t>(offsets[row]);
      const uint32_t code = coder.code(data + offsets[row], length, words[i], fresh);
      if (code == 0) return -1;
      if (fresh) firsts[code - 1] = row;
      codes[row] = static_cast<uint16_t>(code);
    }
  }
  return static_cast<int32_t>(coder.texts.size());
}

inline uint8_t byte_of_marks(const uint16_t *codes, int64_t count, const uint8_t *marked) {
  unsigned byte = 0;
  for (int64_t i = 0; i < count; ++i) byte |= static_cast<unsigned>(marked[codes[i]]) << i;
  return static_cast<uint8_t>(byte);
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

DQM_TEXTS_API void dqm_text_marks(const uint16_t *codes, int64_t rows, const uint8_t *marked, uint8_t *bits) {
  int64_t row = 0;
  for (; row + 8 <= rows; row += 8) bits[row >> 3] = byte_of_marks(codes + row, 8, marked);
  if (row < rows) bits[row >> 3] = byte_of_marks(codes + row, rows - row, marked);
}

}  // extern "C"
