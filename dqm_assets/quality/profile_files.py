"""Profiles of CSV and Parquet files, streamed: never the whole file in memory."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dqm_assets.errors import KernelError, SourceError
from dqm_assets.quality._kernel import ffi, lib
from dqm_assets.quality.profile_arrow import open_options, run_profiler
from dqm_assets.quality.profile_table import Profile, take_profile

_BATCH_ROWS = 65_536
_SECONDS_PER_REPORT = 0.1
#: Bounds DuckDB's buffers where it is the reader.
_DUCKDB_MEMORY = "120MB"
#: Small buffers: DuckDB holds several.
_READ_CSV = "SELECT * FROM read_csv(?, buffer_size = 8000000)"
#: Values read from a file before they are worked on: bounds the memory.
_READ_AHEAD = 1 << 20

#: Told the share of the file (0 to 1) that has been read.
Progress = Callable[[float], None]


def profile_csv(
    path: str | Path,
    segment_by: str | None = None,
    threads: int | None = None,
    *,
    progress: Progress | None = None,
) -> Profile:
    """Profile a CSV file of any size; the profile's `reader` says which reader gave the rows.

    The kernel's own reader takes UTF-8 files with a header over typed columns and rows of equal
    length ('csv'); everything else goes through DuckDB's ('duckdb'). Both give the same metrics.
    Columns are typed by their values: integer, number, boolean, ISO date, ISO timestamp, else text.
    Empty fields are null.

    Raises `SourceError` when neither can read the file.
    """
    options, alive = open_options(segment_by, threads, True, (None, None), _READ_AHEAD)
    profiler = _own_reader(path, options, progress)
    reader = "csv"
    if profiler is None:
        profiler, reader = _duckdb_reader(path, options, threads), "duckdb"
    del alive
    if progress is not None:
        progress(1.0)
    return take_profile(profiler, reader)


def _own_reader(path: str | Path, options: Any, progress: Progress | None) -> Any:
    """The finished profiler, or None when another reader should try."""
    error, unsupported = ffi.new("dqm_error *"), ffi.new("int32_t *")
    done = ffi.new("int64_t *")
    name = ffi.new("char[]", str(path).encode())

    def read() -> Any:
        return lib.dqm_profile_csv(name, options, unsupported, done, error)

    profiler = read() if progress is None else _watched(read, done, Path(path), progress)
    if profiler != ffi.NULL:
        return ffi.gc(profiler, lib.dqm_profiler_close)
    if unsupported[0]:
        return None
    raise SourceError(f"{path} cannot be read: {ffi.string(error.message).decode(errors='replace')}")


def _watched(read: Callable[[], Any], done: Any, path: Path, progress: Progress) -> Any:
    """Run `read` in a thread of its own and report the bytes it has done."""
    size = path.stat().st_size if path.exists() else 0
    result: list[Any] = []
    worker = threading.Thread(target=lambda: result.append(read()), name="profile_csv")
    worker.start()
    while worker.is_alive():
        worker.join(_SECONDS_PER_REPORT)
        progress(min(1.0, done[0] / size) if size else 0.0)
    return result[0]


def _duckdb_reader(path: str | Path, options: Any, threads: int | None) -> Any:
    import duckdb  # noqa: PLC0415 - importing a profile stays cheap

    connection = duckdb.connect(config={"memory_limit": _DUCKDB_MEMORY, "preserve_insertion_order": True})
    try:
        if threads is not None:
            connection.execute(f"SET threads = {int(threads)}")
        result = connection.execute(_READ_CSV, [str(path)])
        return run_profiler(result.to_arrow_reader(_BATCH_ROWS), options, None)
    except (duckdb.Error, KernelError) as problem:
        raise SourceError(f"{path} cannot be read as CSV: {problem}") from problem
    finally:
        connection.close()


def profile_parquet(
    path: str | Path,
    segment_by: str | None = None,
    threads: int | None = None,
    *,
    progress: Progress | None = None,
) -> Profile:
    """Profile a Parquet file of any size, row group by row group.

    Raises `SourceError` when the file cannot be read as Parquet.
    """
    import pyarrow as pa  # noqa: PLC0415 - importing a profile stays cheap
    import pyarrow.parquet as pq  # noqa: PLC0415

    options, alive = open_options(segment_by, threads, True, (None, None), _READ_AHEAD)
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            batches = file.iter_batches(_BATCH_ROWS)
            reader = pa.RecordBatchReader.from_batches(file.schema_arrow, batches)
            total = max(file.metadata.num_rows, 1)
            report = None if progress is None else lambda rows: progress(rows / total)
            profiler = run_profiler(reader, options, report)
    except (pa.ArrowException, OSError) as problem:
        raise SourceError(f"{path} cannot be read as Parquet: {problem}") from problem
    del alive
    return take_profile(profiler, "parquet")
