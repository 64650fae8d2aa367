// Eight doubles in one AVX-512 register.
inline uint64_t equal_bytes(const char* p, char byte) {
  return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8(byte));
}

struct Lanes {
  typedef __m512d D;
  typedef __mmask8 Mask;
  typedef __m512i U;
  static constexpr int kRegisters = 16;  // rows that may be held at once
  static inline D load(const double* p) { return _mm512_loadu_pd(p); }
  static inline void store(double* p, D v) { _mm512_storeu_pd(p, v); }
  static inline D set(double x) { return _mm512_set1_pd(x); }
  static inline D add(D a, D b) { return _mm512_add_pd(a, b); }
  static inline D sub(D a, D b) { return _mm512_sub_pd(a, b); }
  static inline D mul(D a, D b) { return _mm512_mul_pd(a, b); }
  static inline D smaller(D a, D b) { return _mm512_min_pd(a, b); }
  static inline D larger(D a, D b) { return _mm512_max_pd(a, b); }
  static inline Mask less(D a, D b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  static inline Mask equal(D a, D b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
  static inline Mask either(Mask a, Mask b) { return static_cast<Mask>(a | b); }
  static inline U no_count() { return _mm512_setzero_si512(); }
  static inline U count(U c, Mask m) { return _mm512_mask_sub_epi64(c, m, c, _mm512_set1_epi64(-1)); }
  static inline void store(uint64_t* p, U v) { _mm512_storeu_si512(p, v); }
  static inline U load_words(const uint64_t* p) { return _mm512_loadu_si512(p); }
  static inline unsigned bits(Mask m) { return m; }
  static inline U hash(D x) {
    U h = _mm512_castpd_si512(_mm512_add_pd(x, _mm512_setzero_pd()));
    h = _mm512_xor_si512(h, _mm512_srli_epi64(h, 32));
    h = _mm512_mullo_epi64(h, _mm512_set1_epi64(static_cast<int64_t>(kMixA)));
    h = _mm512_xor_si512(h, _mm512_srli_epi64(h, 32));
    return _mm512_mullo_epi64(h, _mm512_set1_epi64(static_cast<int64_t>(kMixB)));
  }
  static inline Mask has_none(U h, uint64_t mask) {
    return _mm512_testn_epi64_mask(h, _mm512_set1_epi64(static_cast<int64_t>(mask)));
  }
  // The last lane of `before`, then the first seven of `v`.
  static inline D shifted(D before, D v) {
    return _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(v), _mm512_castpd_si512(before), 7));
  }
  // Lane i gets lane i ^ m.
  template <int m>
  static inline D exchange(D v) {
    return _mm512_permutexvar_pd(_mm512_setr_epi64(0 ^ m, 1 ^ m, 2 ^ m, 3 ^ m, 4 ^ m, 5 ^ m, 6 ^ m, 7 ^ m), v);
  }
  // Lane i of a where bit `b` of i is clear, of b where it is set.
  template <int bit>
  static inline D blend(D clear, D set_) {
    return _mm512_mask_blend_pd(bit == 1 ? 0xAA : bit == 2 ? 0xCC : 0xF0, clear, set_);
  }
  // The lanes whose bit is set, packed to the front of `out`; may write all eight.
  static inline double* pack(double* out, D v, unsigned keep) {
    _mm512_storeu_pd(out, _mm512_maskz_compress_pd(static_cast<Mask>(keep), v));
    return out + __builtin_popcount(keep);
  }
};
