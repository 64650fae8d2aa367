"""Profiles of CSV and Parquet files, streamed: never the whole file in memory."""

from collections.abc import Callable
from pathlib import Path

from dqm_assets.errors import SourceError
from dqm_assets.quality.profile_arrow import open_options, run_profiler
from dqm_assets.quality.profile_table import Profile, take_profile

_BATCH_ROWS = 65_536

Progress = Callable[[int], None]


def profile_csv(
    path: str | Path,
    segment_by: str | None = None,
    threads: int | None = None,
    *,
    progress: Progress | None = None,
) -> Profile:
    """Profile a CSV file of any size; the profile's `reader` says which reader gave the rows.

    Raises `SourceError` when the file cannot be read as CSV.
    """
    import duckdb  # noqa: PLC0415 - importing a profile stays cheap

    options, alive = open_options(segment_by, threads, True, (None, None))
    connection = duckdb.connect()
    try:
        if threads is not None:
            connection.execute(f"SET threads = {int(threads)}")
        try:
            result = connection.execute("SELECT * FROM read_csv(?)", [str(path)])
            profiler = run_profiler(result.to_arrow_reader(_BATCH_ROWS), options, progress)
        except duckdb.Error as problem:
            raise SourceError(f"{path} cannot be read as CSV: {problem}") from problem
    finally:
        connection.close()
    del alive
    return take_profile(profiler, reader="duckdb")


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

    options, alive = open_options(segment_by, threads, True, (None, None))
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            batches = file.iter_batches(_BATCH_ROWS)
            reader = pa.RecordBatchReader.from_batches(file.schema_arrow, batches)
            profiler = run_profiler(reader, options, progress)
    except (pa.ArrowException, OSError) as problem:
        raise SourceError(f"{path} cannot be read as Parquet: {problem}") from problem
    del alive
    return take_profile(profiler, reader="parquet")
