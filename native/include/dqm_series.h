/* Baselines of series: plain C interface. The part between the cdef marks is what cffi reads.
   A state belongs to one thread at a time. */
#ifndef DQM_SERIES_H
#define DQM_SERIES_H
#include "dqm_kernel.h"
#ifdef __cplusplus
extern "C" {
#endif
/* cdef begin */
typedef struct dqm_series dqm_series;

typedef struct {
  int32_t method;      /* 0 zscore, 1 robust, 2 seasonal, 3 share_drop, 4 ensemble, 5 novelty */
  int32_t kind;        /* 0 unknown, 1 real, 2 count, 3 share, 4 positive */
  int64_t adapt_after; /* anomalous points in a row that are the new normal; 0: the method's own rule */
  double weeks, points, z;                      /* sensitivity: exactly one is above 0 */
  double period, history, drop, needed, window; /* options; 0: the method's own */
  int32_t bad_when;    /* deviations that matter: 0 either way, 1 high, 2 low */
  double least_change, least_relative; /* and at least so far from the expected value */
} dqm_series_settings;

typedef struct {
  double expected, lower, upper, scale, score; /* NaN, score 0, while learning */
  int64_t n, needed; /* points that train, and points needed before the first verdict */
  int64_t verdict; /* 0 learning, 1 normal, 2 anomalous */
  double layout;   /* what `parameters` are: 0 none, else 1 + number of the method that fitted */
  double parameters[10];
} dqm_series_verdict;

dqm_series* dqm_series_open(const dqm_series_settings* settings, dqm_error* error);
void dqm_series_close(dqm_series*);
int64_t dqm_series_n(const dqm_series*);
int64_t dqm_series_needed(const dqm_series*);
/* Judges one point; learns nothing. */
int dqm_series_judge(dqm_series*, double ts, double value, dqm_series_verdict* out, dqm_error* error);
/* Learns one finite point; one held for anomalous only counts towards a new normal. */
int dqm_series_learn(dqm_series*, double ts, double value, int32_t excluded, dqm_error* error);
/* Judges and learns `count` points one by one. Flags of a point: 1 it is never learned, 2 it is learned as normal
   whatever the verdict. */
int dqm_series_run(dqm_series*, int64_t count, const double* ts, const double* values, const uint8_t* flags,
                   dqm_series_verdict* out, dqm_error* error);
uint8_t* dqm_series_write(const dqm_series*, int64_t* size, dqm_error* error);
int dqm_series_read(dqm_series*, const uint8_t* bytes, int64_t size, dqm_error* error);
/* One point for each of `count` series: reads each state, judges and learns, and writes the states one after the
   other into one block (dqm_bytes_close), the end of each in `ends`. */
uint8_t* dqm_series_step_many(int64_t count, const dqm_series_settings* const* settings,
                              const uint8_t* const* states, const int64_t* sizes, const double* ts,
                              const double* values, const uint8_t* flags, dqm_series_verdict* out,
                              int64_t* ends, dqm_error* error);
/* Fits `count` series anew, each over `length` finite values (row by row) at the same times, and says what is
   expected at time `at` (score 0). */
int dqm_series_refit(const dqm_series_settings* settings, int64_t count, int64_t length, const double* ts,
                     const double* values, double at, dqm_series_verdict* out, dqm_error* error);
/* cdef end */
#ifdef __cplusplus
}
#endif
#endif
