/* The C interface of the kernel. cffi reads what stands between the two cdef marks. */
#ifndef DQM_KERNEL_H
#define DQM_KERNEL_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
/* cdef begin */
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema*);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray*);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

typedef struct dqm_profiler dqm_profiler;
typedef struct dqm_column dqm_column;
typedef struct { char message[512]; } dqm_error;

typedef struct {
  int32_t threads;         /* 0: one per core */
  int32_t sketches;        /* 0: counts and moments only */
  const char* segment_by;  /* NULL: no segments */
  double lower_limit;      /* values outside [lower_limit, upper_limit] are counted while reading; NaN: none */
  double upper_limit;
  int64_t read_ahead;      /* values held before they are worked on; 0: as suits data in memory */
} dqm_options;

/* What a column state says, in the column's own unit (seconds for times). NaN: not defined. */
typedef struct {
  int32_t kind;      /* 0 null, 1 number, 2 boolean, 3 time, 4 string, 5 nested */
  int32_t logical;   /* finer: see LogicalType in column_type.h */
  int32_t decimals;  /* decimal digits behind the point of one tick */
  int32_t exact;     /* minimum, maximum and sum are also known as exact integers of ticks */
  int32_t exact_sum;
  int32_t distinct_is_exact;
  int32_t outliers_are_exact;
  int32_t monotonic; /* 1 never falls, 2 always rises, -1 never rises, -2 always falls, 3 constant, 0 neither */
  int64_t rows, nulls, nans, positive_infinities, negative_infinities, zeros, negatives;
  int64_t outside_limits;
  int64_t longest_repeat;
  double minimum, maximum, sum, mean, variance, stddev, skewness, kurtosis;
  double quantiles[11];
  double iqr, mad, distinct, outliers;
  double first, last;
  double range, largest_gap, cadence;
  double minimum_length, maximum_length, mean_length, stddev_length;
  int64_t empty, blank;
} dqm_summary;

const char* dqm_instruction_set(void);
int dqm_force_instruction_set(const char* name);
int32_t dqm_state_version(void);

dqm_profiler* dqm_profiler_open(const struct ArrowSchema* schema, const dqm_options* options, dqm_error* error);
void dqm_profiler_close(dqm_profiler*);
int dqm_profiler_update(dqm_profiler*, struct ArrowArray* batch, dqm_error* error);
int64_t dqm_profiler_consume(dqm_profiler*, struct ArrowArrayStream* stream, int64_t batches, dqm_error* error);
dqm_profiler* dqm_profile_stream(struct ArrowArrayStream* stream, const dqm_options* options, dqm_error* error);
/* Reads a CSV file with the kernel's own reader. NULL with `unsupported` set: another reader may do it, and
   `error` says why; NULL without: the file cannot be read. `progress` (may be NULL) is told the bytes read. */
dqm_profiler* dqm_profile_csv(const char* path, const dqm_options* options, int32_t* unsupported,
                              volatile int64_t* progress, dqm_error* error);
int dqm_profiler_finish(dqm_profiler*, dqm_error* error);
int64_t dqm_profiler_rows(const dqm_profiler*);
int32_t dqm_profiler_columns(const dqm_profiler*);
const char* dqm_profiler_name(const dqm_profiler*, int32_t column);
int64_t dqm_profiler_segments(const dqm_profiler*);
int64_t dqm_profiler_segment_name(const dqm_profiler*, int64_t segment, char* out, int64_t capacity);
dqm_column* dqm_profiler_take(dqm_profiler*, int64_t segment, int32_t column, dqm_error* error);

void dqm_column_close(dqm_column*);
void dqm_column_summary(const dqm_column*, double outlier_z, dqm_summary* out);
double dqm_column_quantile(const dqm_column*, double q);
double dqm_column_rank(const dqm_column*, double value);
int64_t dqm_column_exact(const dqm_column*, int32_t which, char* out, int64_t capacity);
int64_t dqm_column_text(const dqm_column*, int32_t which, char* out, int64_t capacity);
int32_t dqm_column_frequent(const dqm_column*);
int64_t dqm_column_frequent_item(const dqm_column*, int32_t item, char* out, int64_t capacity, double* count,
                                 double* error);
dqm_column* dqm_column_merge(const dqm_column*, const dqm_column*, dqm_error* error);
uint8_t* dqm_column_write(const dqm_column*, int64_t* size, dqm_error* error);
void dqm_bytes_close(uint8_t* bytes);
dqm_column* dqm_column_read(const uint8_t* bytes, int64_t size, dqm_error* error);
/* cdef end */
#ifdef __cplusplus
}
#endif
#endif
