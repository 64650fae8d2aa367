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
    if found := _in_order(values, examples):
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


def _in_order(values: pa.ChunkedArray, examples: int) -> RepeatedKeys | None:
    """Repeated keys of values that never fall: they stand side by side. None when one falls."""
    places, found = np.empty(examples, np.int64), ffi.new("int32_t *")
    first: list[int] = []
    repeated, seen = 0, 1
    previous = values[0].as_py()
    for chunk in values.slice(1).chunks:
        if not len(chunk):
            continue
        plain = chunk.to_numpy().astype(np.int64, copy=False)
        now = lib.dqm_repeats_in_order(
            ffi.from_buffer("int64_t[]", plain),
            len(plain),
            previous,
            ffi.from_buffer("int64_t[]", places, require_writable=True),
            examples,
            found,
        )
        if now < 0:
            return None
        first += [seen + int(place) for place in places[: found[0]]]
        repeated, seen, previous = repeated + now, seen + len(plain), int(plain[-1])
    same = np.array(first[:examples], np.int64)
    return RepeatedKeys(repeated, np.union1d(same - 1, same)[:examples])
