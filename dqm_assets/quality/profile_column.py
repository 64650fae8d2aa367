"""The profile of one column: a mergeable kernel state, and what can be read off it."""

import itertools
import math
from dataclasses import dataclass
from typing import Any, Self

from dqm_assets.quality._kernel import ffi, lib
from dqm_assets.quality.profile_arrow import check
from dqm_assets.quality.profile_metrics import KINDS, Metric, column_metrics

#: Distance from the mean, in standard deviations, beyond which a value is an outlier.
OUTLIER_Z = 3.0

_TEXT_BYTES = 256
_SUMMARY = ffi.typeof("dqm_summary *")

#: A value, how often it is there, and by how much that count may be off.
Frequent = tuple[str | bool, float, float]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values between edges: `counts[i]` values lie above `edges[i]` up to `edges[i + 1]`.

    The first bin holds its lower edge too. Counts come from a sketch and are not whole numbers.
    """

    edges: tuple[float, ...]
    counts: tuple[float, ...]


class ColumnProfile:
    """What is known about one column of one batch.

    Immutable; merging gives a new one. All numbers are in the column's own unit, times in
    seconds since 1970-01-01 UTC.
    """

    __slots__ = ("_state", "name")

    def __init__(self, name: str, state: Any) -> None:
        """Wrap a kernel state; use `profile`, `merge` or `from_bytes` to get one."""
        self.name = name
        self._state = ffi.gc(state, lib.dqm_column_close)

    def __repr__(self) -> str:
        """Name, kind and rows."""
        return f"ColumnProfile({self.name!r}, {self.kind}, {self.summary().rows} rows)"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as bytes, so that workers of any framework can send it."""
        return type(self).from_bytes, (self.to_bytes(), self.name)

    @property
    def kind(self) -> str:
        """'number', 'string', 'time', 'boolean', 'null' or 'nested'."""
        return KINDS[self.summary().kind]

    def summary(self, outlier_z: float = OUTLIER_Z) -> Any:
        """The kernel's plain summary structure (see native/include/dqm_kernel.h)."""
        out = ffi.new(_SUMMARY)
        lib.dqm_column_summary(self._state, outlier_z, out)
        return out

    def metrics(self, outlier_z: float = OUTLIER_Z) -> dict[str, Metric]:
        """Every metric that the column's kind defines, by name; None where the values define none.

        Moments, minimum, maximum and quantiles are over finite values; NaN and infinities are
        counted apart. Variance divides by n - 1; skewness and (excess) kurtosis are the
        population's. Quantiles come from the sketch: the smallest value whose share of the
        values at or below it reaches the level. `docs` of the metrics: native/README.md.
        """
        return column_metrics(self._state, self.summary(outlier_z))

    def quantile(self, q: float) -> float:
        """Value with a share `q` (0 to 1) of the values at or below it; NaN when there is none."""
        return lib.dqm_column_quantile(self._state, q)

    def rank(self, value: float) -> float:
        """Share (0 to 1) of the finite values at or below `value`; NaN when there are none."""
        return lib.dqm_column_rank(self._state, value)

    def histogram(self, bins: int = 40) -> Histogram:
        """Equal-width histogram from minimum to maximum; empty when there are no finite values."""
        low, high = self.quantile(0.0), self.quantile(1.0)
        if math.isnan(low) or bins < 1:
            return Histogram((), ())
        summary = self.summary()
        values = (
            summary.rows
            - summary.nulls
            - summary.nans
            - summary.positive_infinities
            - summary.negative_infinities
        )
        if low == high:
            return Histogram((low, high), (float(values),))
        edges = (*tuple(low * (1 - i / bins) + high * (i / bins) for i in range(bins)), high)
        ranks = [0.0, *(self.rank(edge) for edge in edges[1:])]
        counts = tuple((above - below) * values for below, above in itertools.pairwise(ranks))
        return Histogram(edges, counts)

    def top_k(self, k: int = 10) -> list[Frequent]:
        """The most frequent values of a text or boolean column: (value, count, error), largest first.

        The count is exact when its error is 0 (up to 131,072 rows and 512 different values); otherwise
        the true count is not expected further from it than the error.
        """
        summary = self.summary()
        if KINDS[summary.kind] == "boolean":
            true = summary.rows - summary.nulls - summary.zeros
            pairs: list[Frequent] = [(True, float(true), 0.0), (False, float(summary.zeros), 0.0)]
            return sorted((p for p in pairs if p[1] > 0), key=lambda pair: -pair[1])[:k]
        text, count, error = ffi.new("char[]", _TEXT_BYTES), ffi.new("double *"), ffi.new("double *")
        items: list[Frequent] = []
        for i in range(min(k, lib.dqm_column_frequent(self._state))):
            size = lib.dqm_column_frequent_item(self._state, i, text, _TEXT_BYTES, count, error)
            value = ffi.buffer(text, size)[:]
            items.append((value.decode(errors="replace"), count[0], error[0]))
        return items

    def merge(self, other: "ColumnProfile") -> "ColumnProfile":
        """The profile of both batches together.

        Associative and commutative: exactly for counts, extremes, distinct and lengths, to rounding for
        moments, to the stated rank error for quantiles. Raises `KernelError` when the types do not fit.
        """
        error = ffi.new("dqm_error *")
        merged = lib.dqm_column_merge(self._state, other._state, error)
        return type(self)(self.name, check(merged, error, f"column '{self.name}'"))

    def to_bytes(self) -> bytes:
        """The state as versioned little-endian bytes: the same data gives the same bytes anywhere."""
        size, error = ffi.new("int64_t *"), ffi.new("dqm_error *")
        written = check(lib.dqm_column_write(self._state, size, error), error, f"column '{self.name}'")
        with ffi.gc(written, lib.dqm_bytes_close):
            return ffi.buffer(written, size[0])[:]

    @classmethod
    def from_bytes(cls, state: bytes, name: str = "") -> Self:
        """Read a state that `to_bytes` of this or an earlier version wrote.

        Raises `KernelError` when the bytes are no state, are damaged, or come from a newer version.
        """
        error = ffi.new("dqm_error *")
        read = lib.dqm_column_read(ffi.from_buffer("uint8_t[]", state), len(state), error)
        return cls(name, check(read, error, "these bytes cannot be read"))
