// Eight doubles at a time with the compilers' generic vectors: any processor, and the reference for the rest.
typedef double Doubles __attribute__((vector_size(64)));
typedef int64_t Integers __attribute__((vector_size(64)));
typedef uint64_t Words __attribute__((vector_size(64)));

// Bit i: byte i of 64 is the wanted one.
inline uint64_t equal_bytes(const char* p, char byte) {
  constexpr uint64_t kLow = 0x7F7F7F7F7F7F7F7Full;
  const uint64_t wanted = 0x0101010101010101ull * static_cast<uint8_t>(byte);
  uint64_t out = 0;
  for (int i = 0; i < 8; ++i) {
    uint64_t word;
    __builtin_memcpy(&word, p + 8 * i, 8);
    word ^= wanted;
    const uint64_t zeros = ~(((word & kLow) + kLow) | word | kLow);  // the top bit of every byte that is 0
    out |= ((zeros >> 7) * 0x0102040810204080ull >> 56) << (8 * i);
  }
  return out;
}

struct Lanes {
  typedef Doubles D;
  typedef Integers Mask;
  typedef Words U;
  static constexpr int kRegisters = 8;  // rows that may be held at once
  static inline D load(const double* p) {
    D v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
  }
  static inline void store(double* p, D v) { __builtin_memcpy(p, &v, sizeof v); }
  static inline D set(double x) { return D{x, x, x, x, x, x, x, x}; }
  static inline D add(D a, D b) { return a + b; }
  static inline D sub(D a, D b) { return a - b; }
  static inline D mul(D a, D b) { return a * b; }
  static inline D smaller(D a, D b) { return a < b ? a : b; }  // b when unordered
  static inline D larger(D a, D b) { return a > b ? a : b; }
  static inline Mask less(D a, D b) { return a < b; }
  static inline Mask equal(D a, D b) { return a == b; }
  static inline Mask either(Mask a, Mask b) { return a | b; }
  static inline U no_count() { return U{}; }
  static inline U count(U c, Mask m) { return c - (U)m; }
  static inline void store(uint64_t* p, U v) { __builtin_memcpy(p, &v, sizeof v); }
  static inline unsigned bits(Mask m) {
    unsigned out = 0;
    for (int i = 0; i < 8; ++i) out |= static_cast<unsigned>(m[i] & 1) << i;
    return out;
  }
  static inline U hash(D x) {
    U h = (U)(x + set(0.0));
    h ^= h >> 32;
    h *= kMixA;
    h ^= h >> 32;
    return h * kMixB;
  }
  static inline Mask has_none(U h, uint64_t mask) { return (Mask)((h & mask) == 0); }
  // The last lane of `before`, then the first seven of `v`.
  static inline D shifted(D before, D v) { return __builtin_shufflevector(before, v, 7, 8, 9, 10, 11, 12, 13, 14); }
  // Lane i gets lane i ^ m.
  template <int m>
  static inline D exchange(D v) {
    return __builtin_shufflevector(v, v, 0 ^ m, 1 ^ m, 2 ^ m, 3 ^ m, 4 ^ m, 5 ^ m, 6 ^ m, 7 ^ m);
  }
  // Lane i of the first where bit `bit` of i is clear, of the second where it is set.
  template <int bit>
  static inline D blend(D clear, D set_) {
    return __builtin_shufflevector(clear, set_, 0 & bit ? 8 : 0, 1 & bit ? 9 : 1, 2 & bit ? 10 : 2, 3 & bit ? 11 : 3,
                                   4 & bit ? 12 : 4, 5 & bit ? 13 : 5, 6 & bit ? 14 : 6, 7 & bit ? 15 : 7);
  }
  // The lanes whose bit is set, packed to the front of `out`; may write all eight.
  static inline double* pack(double* out, D v, unsigned keep) {
    for (int i = 0; i < 8; ++i) {
      *out = v[i];
      out += (keep >> i) & 1;
    }
    return out;
  }
};
