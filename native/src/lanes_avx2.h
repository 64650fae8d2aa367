// Eight doubles in two AVX2 registers.
inline uint64_t equal_bytes(const char* p, char byte) {
  const __m256i wanted = _mm256_set1_epi8(byte);
  const auto half = [wanted](const char* from) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, wanted)));
  };
  return half(p) | static_cast<uint64_t>(half(p + 32)) << 32;
}

struct Lanes {
  struct D {
    __m256d a, b;
  };
  struct Mask {
    __m256d a, b;
  };
  struct U {
    __m256i a, b;
  };
  static constexpr int kRegisters = 8;  // rows that may be held at once
  static inline D load(const double* p) { return {_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)}; }
  static inline void store(double* p, D v) {
    _mm256_storeu_pd(p, v.a);
    _mm256_storeu_pd(p + 4, v.b);
  }
  static inline D set(double x) { return {_mm256_set1_pd(x), _mm256_set1_pd(x)}; }
  static inline D add(D x, D y) { return {_mm256_add_pd(x.a, y.a), _mm256_add_pd(x.b, y.b)}; }
  static inline D sub(D x, D y) { return {_mm256_sub_pd(x.a, y.a), _mm256_sub_pd(x.b, y.b)}; }
  static inline D mul(D x, D y) { return {_mm256_mul_pd(x.a, y.a), _mm256_mul_pd(x.b, y.b)}; }
  static inline D smaller(D x, D y) { return {_mm256_min_pd(x.a, y.a), _mm256_min_pd(x.b, y.b)}; }
  static inline D larger(D x, D y) { return {_mm256_max_pd(x.a, y.a), _mm256_max_pd(x.b, y.b)}; }
  static inline Mask less(D x, D y) {
    return {_mm256_cmp_pd(x.a, y.a, _CMP_LT_OQ), _mm256_cmp_pd(x.b, y.b, _CMP_LT_OQ)};
  }
  static inline Mask equal(D x, D y) {
    return {_mm256_cmp_pd(x.a, y.a, _CMP_EQ_OQ), _mm256_cmp_pd(x.b, y.b, _CMP_EQ_OQ)};
  }
  static inline Mask either(Mask x, Mask y) { return {_mm256_or_pd(x.a, y.a), _mm256_or_pd(x.b, y.b)}; }
  static inline U no_count() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static inline U count(U c, Mask m) {
    return {_mm256_sub_epi64(c.a, _mm256_castpd_si256(m.a)), _mm256_sub_epi64(c.b, _mm256_castpd_si256(m.b))};
  }
  static inline void store(uint64_t* p, U v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v.a);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 4), v.b);
  }
  static inline unsigned bits(Mask m) {
    return static_cast<unsigned>(_mm256_movemask_pd(m.a) | _mm256_movemask_pd(m.b) << 4);
  }
  static inline __m256i multiply(__m256i h, uint64_t factor) {  // the low 64 bits of 64 x 64
    const __m256i low = _mm256_set1_epi64x(static_cast<int64_t>(factor));
    const __m256i high = _mm256_set1_epi64x(static_cast<int64_t>(factor >> 32));
    const __m256i cross = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(h, 32), low), _mm256_mul_epu32(h, high));
    return _mm256_add_epi64(_mm256_mul_epu32(h, low), _mm256_slli_epi64(cross, 32));
  }
  static inline __m256i mix(__m256d x) {
    __m256i h = _mm256_castpd_si256(_mm256_add_pd(x, _mm256_setzero_pd()));
    h = multiply(_mm256_xor_si256(h, _mm256_srli_epi64(h, 32)), kMixA);
    return multiply(_mm256_xor_si256(h, _mm256_srli_epi64(h, 32)), kMixB);
  }
  static inline U hash(D x) { return {mix(x.a), mix(x.b)}; }
  static inline __m256d none(__m256i h, __m256i mask) {
    return _mm256_castsi256_pd(_mm256_cmpeq_epi64(_mm256_and_si256(h, mask), _mm256_setzero_si256()));
  }
  static inline Mask has_none(U h, uint64_t mask) {
    const __m256i m = _mm256_set1_epi64x(static_cast<int64_t>(mask));
    return {none(h.a, m), none(h.b, m)};
  }
  static inline __m256d shifted_half(__m256d before, __m256d v) {
    return _mm256_shuffle_pd(_mm256_permute2f128_pd(before, v, 0x21), v, 5);
  }
  // The last lane of `before`, then the first seven of `v`.
  static inline D shifted(D before, D v) { return {shifted_half(before.b, v.a), shifted_half(v.a, v.b)}; }
  // Lane i gets lane i ^ m.
  template <int m>
  static inline __m256d exchange_half(__m256d v) {
    constexpr int order = (0 ^ m) | (1 ^ m) << 2 | (2 ^ m) << 4 | (3 ^ m) << 6;
    return _mm256_permute4x64_pd(v, order);
  }
  template <int m>
  static inline D exchange(D v) {
    constexpr int inner = m & 3;
    const D moved = {exchange_half<inner>(v.a), exchange_half<inner>(v.b)};
    return m & 4 ? D{moved.b, moved.a} : moved;
  }
  // Lane i of the first where bit `bit` of i is clear, of the second where it is set.
  template <int bit>
  static inline D blend(D clear, D set_) {
    if (bit == 4) return {clear.a, set_.b};
    constexpr int choice = bit == 1 ? 0xA : 0xC;
    return {_mm256_blend_pd(clear.a, set_.a, choice), _mm256_blend_pd(clear.b, set_.b, choice)};
  }
  // The lanes whose bit is set, packed to the front of `out`; may write all eight.
  static inline double* pack(double* out, D v, unsigned keep) {
    double lanes[8];
    store(lanes, v);
    for (int i = 0; i < 8; ++i) {
      *out = lanes[i];
      out += (keep >> i) & 1;
    }
    return out;
  }
};
