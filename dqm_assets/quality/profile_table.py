"""The profile of a table: its columns' profiles, and its segments' profiles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dqm_assets.quality._kernel import ffi, lib
from dqm_assets.quality.profile_arrow import check, open_options, run_profiler
from dqm_assets.quality.profile_column import ColumnProfile

_WHOLE = -1


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known about one batch of a table."""

    #: Number of rows read.
    rows: int
    #: One profile per column, in the table's order.
    columns: Mapping[str, ColumnProfile]
    #: One profile per value of the segment column, in order of first appearance; empty without `segment_by`.
    segments: Mapping[str, "Profile"] = field(default_factory=dict)
    #: Which reader gave the rows: 'arrow', 'csv' (the kernel's own), 'duckdb' or 'parquet'.
    reader: str = "arrow"

    def merge(self, other: "Profile") -> "Profile":
        """The profile of both batches together; a column or segment that only one has is kept as it is.

        Raises `KernelError` when a column's types do not fit together.
        """
        columns = dict(self.columns)
        for name, column in other.columns.items():
            columns[name] = columns[name].merge(column) if name in columns else column
        segments = dict(self.segments)
        for name, segment in other.segments.items():
            segments[name] = segments[name].merge(segment) if name in segments else segment
        return Profile(self.rows + other.rows, columns, segments, self.reader)


def profile(
    data: Any,
    segment_by: str | None = None,
    threads: int | None = None,
    *,
    sketches: bool = True,
    limits: tuple[float | None, float | None] = (None, None),
    progress: Callable[[int], None] | None = None,
) -> Profile:
    """Profile anything that speaks Arrow: pyarrow, pandas, polars, DuckDB relations and results.

    Streams are read batch by batch with bounded memory and without the interpreter lock.

    Args:
        data: a table; anything with `__arrow_c_stream__` (or one batch with `__arrow_c_array__`).
        segment_by: a text, integer or boolean column; one more profile is made per value of it, in the
            same pass. Null is the segment '(null)'. At most 10,000 values.
        threads: worker threads, by default one per core. Results do not depend on it.
        sketches: False leaves out quantiles, distinct counts, outliers and frequent values.
        limits: lower and upper limit; values outside are counted as `outside_limits_count`.
        progress: told the number of rows read so far.

    Raises:
        KernelError: `data` is no table, has an unknown Arrow type, or its stream broke off.
    """
    options, alive = open_options(segment_by, threads, sketches, limits)
    profiler = run_profiler(data, options, progress)
    del alive
    return take_profile(profiler)


def take_profile(profiler: Any, reader: str = "arrow") -> Profile:
    """The profile that a finished kernel profiler holds."""
    segments = {}
    for number in range(lib.dqm_profiler_segments(profiler)):
        columns = _take_columns(profiler, number)
        rows = max((column.summary().rows for column in columns.values()), default=0)
        segments[_segment_name(profiler, number)] = Profile(rows, columns, reader=reader)
    return Profile(lib.dqm_profiler_rows(profiler), _take_columns(profiler, _WHOLE), segments, reader)


def _take_columns(profiler: Any, segment: int) -> dict[str, ColumnProfile]:
    error = ffi.new("dqm_error *")
    columns = {}
    for i in range(lib.dqm_profiler_columns(profiler)):
        name = _unused(ffi.string(lib.dqm_profiler_name(profiler, i)).decode(errors="replace"), columns)
        state = check(lib.dqm_profiler_take(profiler, segment, i, error), error, f"column '{name}'")
        columns[name] = ColumnProfile(name, state)
    return columns


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    """The name itself, or with a number behind it when an earlier column has the same one."""
    unused, number = name, 1
    while unused in taken:
        unused, number = f"{name}_{number}", number + 1
    return unused


def _segment_name(profiler: Any, number: int) -> str:
    size = lib.dqm_profiler_segment_name(profiler, number, ffi.NULL, 0)
    name = ffi.new("char[]", max(size, 1))
    lib.dqm_profiler_segment_name(profiler, number, name, size)
    return ffi.buffer(name, size)[:].decode(errors="replace")
