/* Integer columns in one pass: which values are no multiples of a step, which repeat the one before. */
#ifndef DQM_INTEGERS_H
#define DQM_INTEGERS_H

#include <stdint.h>

#if defined(_WIN32)
#define DQM_INTEGERS_API __declspec(dllexport)
#else
#define DQM_INTEGERS_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* cdef begin */
/* Writes a bitmap, lowest bit first, of the values that are no multiple of `step`, which is at least 1. */
void dqm_no_multiples(const int64_t *values, int64_t rows, int64_t step, uint8_t *bits);

/* Counts the values that equal the one before them; -1 when one is below it. The first is compared with
   `previous`. `places` gets the first of them, at most `most`, and `found` how many it got. */
int64_t dqm_repeats_in_order(const int64_t *values, int64_t rows, int64_t previous, int64_t *places, int32_t most,
                             int32_t *found);
/* cdef end */

#ifdef __cplusplus
}
#endif
#endif
