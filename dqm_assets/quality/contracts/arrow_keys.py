"""Repeated keys of an integer column in memory, found without hashing where the values are dense."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
    plain = values.to_numpy()
    steps = plain[1:] - plain[:-1] if plain[0] <= plain[-1] else np.array([-1])
    if steps.min(initial=1) >= 0:  # in order: what repeats stands side by side
        same = np.flatnonzero(steps == 0)
        return RepeatedKeys(len(same), np.union1d(same[:examples], same[:examples] + 1)[:examples])
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
