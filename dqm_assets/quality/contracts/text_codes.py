"""A text column as codes of its few different texts, so that a condition looks at each text once."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dqm_assets.quality._kernel import ffi, lib

#: A column with more different texts is not coded.
MOST_TEXTS = 20_000


@dataclass(frozen=True, slots=True)
class TextCodes:
    """Which text each row holds."""

    #: uint16, one a row: 0 for null, else 1 + position in ``texts``.
    codes: np.ndarray
    #: The different texts, by first appearance.
    texts: pa.Array

    def rows_with(self, marked: np.ndarray, *, nulls: bool = False) -> pa.BooleanArray:
        """Tell which rows hold a marked text.

        Args:
            marked: bool, one a text.
            nulls: whether nulls are marked too.
        """
        bits = np.empty((len(self.codes) + 7) // 8, np.uint8)
        table = np.concatenate([[nulls], marked]).astype(np.uint8)
        lib.dqm_text_marks(
            ffi.from_buffer("uint16_t[]", self.codes),
            len(self.codes),
            ffi.from_buffer("uint8_t[]", table),
            ffi.from_buffer("uint8_t[]", bits, require_writable=True),
        )
        return pa.BooleanArray.from_buffers(pa.bool_(), len(self.codes), [None, pa.py_buffer(bits)])


def text_codes(values: pa.ChunkedArray) -> TextCodes | None:
    """Code a column of texts; None when it holds more than `MOST_TEXTS` different ones.

    Args:
        values: of type string or large_string.
    """
    coder = ffi.gc(lib.dqm_text_coder_open(MOST_TEXTS), lib.dqm_text_coder_close)
    codes, firsts = np.empty(len(values), np.uint16), np.empty(MOST_TEXTS, np.int64)
    texts: list[pa.Array] = []
    done, known = 0, 0
    for chunk in values.chunks:
        if not len(chunk):
            continue
        now = _coded(coder, chunk, codes[done : done + len(chunk)], firsts)
        if now < 0:
            return None
        if now > known:
            texts.append(chunk.take(pa.array(firsts[known:now])))
        done, known = done + len(chunk), now
    return TextCodes(codes, pa.concat_arrays(texts) if texts else pa.array([], values.type))


def _coded(coder: object, chunk: pa.Array, codes: np.ndarray, firsts: np.ndarray) -> int:
    validity, offsets, data = chunk.buffers()
    wide = pa.types.is_large_string(chunk.type)
    base = chunk.offset * (8 if wide else 4)
    return lib.dqm_text_codes(
        coder,
        ffi.cast("uint8_t *", data.address) if data is not None else ffi.NULL,
        ffi.cast("void *", offsets.address + base),
        wide,
        ffi.cast("uint8_t *", validity.address) if validity is not None else ffi.NULL,
        chunk.offset,
        len(chunk),
        ffi.from_buffer("uint16_t[]", codes, require_writable=True),
        ffi.from_buffer("int64_t[]", firsts, require_writable=True),
    )
