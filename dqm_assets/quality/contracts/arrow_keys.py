"""Repeated keys of an integer column in memory, found without hashing where the values are dense."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.quality._kernel import ffi, lib

#: A bitmap over the range of values pays off up to this many places per row.
_PLACES_PER_ROW = 16


@dataclass(frozen=True, slots=True)
class RepeatedKeys:
    """How many rows repeat an earlier key, and the first rows whose key is repeated (from 0)."""

    rows: int
    examples: np.ndarray


def repeated_keys(values: pa.ChunkedArray, examples: int) -> RepeatedKeys | None:
    """Count rows minus distinct values, nulls left out; None when it is no dense signed integer.

    Args:
        values: the key column.
        examples: how many rows to name.
    """
    if not pa.types.is_signed_integer(values.type):
        return None
    if not len(values) or values.null_count:
        return None if values.null_count else RepeatedKeys(0, np.array([], int))
    if found := OrderedKeys(examples).add(values):
        return found
    plain = values.to_numpy()
    extremes = pc.min_max(values)
    low, span = extremes["min"].as_py(), extremes["max"].as_py() - extremes["min"].as_py() + 1
    if span > _PLACES_PER_ROW * len(values):
        return None
    places = plain.astype(np.int64, copy=False) - low
    seen = np.zeros(span, bool)
    seen[places] = True
    repeated = len(places) - int(np.count_nonzero(seen))
    if not repeated:
        return RepeatedKeys(0, np.array([], int))
    keys = np.flatnonzero(np.bincount(places, minlength=span) > 1)[:examples]
    chosen = np.zeros(span, bool)
    chosen[keys] = True
    return RepeatedKeys(repeated, np.flatnonzero(chosen[places])[:examples])


class OrderedKeys:
    """Repeated keys of values that never fall, batch by batch: what repeats stands side by side."""

    def __init__(self, examples: int) -> None:
        """Begin without a value; `examples` is how many rows to name of each batch."""
        self._places, self._found = np.empty(examples, np.int64), ffi.new("int32_t *")
        self._last: int | None = None

    def add(self, values: pa.ChunkedArray) -> RepeatedKeys | None:
        """Count the repeats of a batch, of which earlier ones may hold the first; None when a value falls."""
        if not pa.types.is_signed_integer(values.type) or values.null_count:
            return None
        first: list[int] = []
        repeated = seen = 0
        for chunk in values.chunks:
            plain = chunk.to_numpy().astype(np.int64, copy=False)
            start = 0
            if self._last is None and len(plain):
                self._last, start = int(plain[0]), 1
            if len(plain) > start:
                now = lib.dqm_repeats_in_order(
                    ffi.from_buffer("int64_t[]", plain[start:]),
                    len(plain) - start,
                    self._last,
                    ffi.from_buffer("int64_t[]", self._places, require_writable=True),
                    len(self._places),
                    self._found,
                )
                if now < 0:
                    return None
                first += [seen + start + int(place) for place in self._places[: self._found[0]]]
                repeated, self._last = repeated + now, int(plain[-1])
            seen += len(plain)
        examples = len(self._places)
        same = np.array(first[:examples], np.int64)
        both = np.union1d(same - 1, same)
        return RepeatedKeys(repeated, both[both >= 0][:examples])
