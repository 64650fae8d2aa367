// Eight doubles at a time with the compilers' generic vectors: any processor, and the reference for the rest.
typedef double Doubles __attribute__((vector_size(64)));
typedef int64_t Integers __attribute__((vector_size(64)));
typedef uint64_t Words __attribute__((vector_size(64)));

struct Lanes {
  typedef Doubles D;
  typedef Integers Mask;
  typedef Words U;
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
};
