/* Texts as codes: which of few different texts each row holds, found in one pass. */
#ifndef DQM_TEXTS_H
#define DQM_TEXTS_H

#include <stdint.h>

#if defined(_WIN32)
#define DQM_TEXTS_API __declspec(dllexport)
#else
#define DQM_TEXTS_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* cdef begin */
typedef struct dqm_text_coder dqm_text_coder;

/* A coder that knows no text yet and takes up to `most` (at most 65,535); NULL when memory is out. */
dqm_text_coder *dqm_text_coder_open(int32_t most);
void dqm_text_coder_close(dqm_text_coder *coder);

/* Writes one code a row: 0 for null, else 1, 2, … by first appearance over all calls of this coder.
   The buffers are those of an Arrow string array: `offsets` holds rows + 1 numbers of 32 bits, or of 64 where
   `wide` is not 0; `validity` is a bitmap that begins at bit `first_bit`, or NULL. `firsts` (room for `most`)
   gets, at code - 1, the row of this call in which a new text first stood.
   Returns how many texts the coder knows, or -1 when there are too many or memory is out; it is of no use then. */
int32_t dqm_text_codes(dqm_text_coder *coder, const uint8_t *data, const void *offsets, int32_t wide,
                       const uint8_t *validity, int64_t first_bit, int64_t rows, uint16_t *codes,
                       int64_t *firsts);

/* Writes a bitmap, lowest bit first, of the rows whose code is marked in `marked` (one byte a code, 0 or 1). */
void dqm_text_marks(const uint16_t *codes, int64_t rows, const uint8_t *marked, uint8_t *bits);
/* cdef end */

#ifdef __cplusplus
}
#endif
#endif
