"""Raw rows, run by run: how later stages read what the load committed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.store import Store
from dqm_assets.store.names import quoted_table

#: Rows read into memory at once; runs are never split.
CHUNK_ROWS = 2_000_000

#: Columns that dqm adds to every raw table.
BOOKKEEPING = ("_run_id", "_line", "_loaded_at")


@dataclass(frozen=True)
class LoadedRun:
    """A run whose rows are in the raw table."""

    run_id: str
    ts: datetime
    rows_in: int
    rows_loaded: int
    rows_quarantined: int


def loaded_runs(store: Store, dataset: Dataset, run_ids: Sequence[str]) -> list[LoadedRun]:
    """Those of the runs that are loaded, by (data time, run id)."""
    rows = store.rows(
        """
        SELECT run_id, ts, rows_in, rows_loaded, rows_quarantined
        FROM metrics.runs
        WHERE dataset = ? AND status <> 'QUARANTINED' AND list_contains(?, run_id)
        ORDER BY ts, run_id
        """,
        [dataset.name, list(run_ids)],
    )
    return [LoadedRun(**row) for row in rows]


def run_tables(
    store: Store, dataset: Dataset, runs: Sequence[LoadedRun]
) -> Iterator[list[tuple[LoadedRun, pa.Table]]]:
    """Raw rows of each run, in bounded chunks of runs.

    Yields:
        Runs of one chunk with their rows in file order: the columns that the run's own file had, and
        ``_line``. A column that only other runs have is missing here, not null.
    """
    for chunk in _chunks(runs):
        table = store.query(
            f"SELECT * FROM {quoted_table(dataset.raw_table)} "  # noqa: S608 - quoted by the store
            "WHERE list_contains(?, _run_id) ORDER BY _run_id, _line",
            [[run.run_id for run in chunk]],
        )
        slices = _slices(table.column("_run_id"))
        data = table.drop_columns(["_run_id", "_loaded_at"])
        own = _own_columns(store, dataset, chunk)
        yield [
            (run, _select(data, own.get(run.run_id)).slice(*slices.get(run.run_id, (0, 0)))) for run in chunk
        ]


def _chunks(runs: Sequence[LoadedRun]) -> Iterator[list[LoadedRun]]:
    chunk: list[LoadedRun] = []
    rows = 0
    for run in runs:
        if chunk and rows + run.rows_loaded > CHUNK_ROWS:
            yield chunk
            chunk, rows = [], 0
        chunk.append(run)
        rows += run.rows_loaded
    if chunk:
        yield chunk


def _own_columns(store: Store, dataset: Dataset, runs: Sequence[LoadedRun]) -> dict[str, set[str]]:
    """Names of the columns that each run's file had."""
    rows = store.rows(
        "SELECT run_id, columns FROM monitoring.schema_history "
        "WHERE dataset = ? AND list_contains(?, run_id)",
        [dataset.name, [run.run_id for run in runs]],
    )
    return {row["run_id"]: {column["name"] for column in json.loads(row["columns"])} for row in rows}


def _select(table: pa.Table, own: set[str] | None) -> pa.Table:
    if own is None:
        return table
    return table.select([name for name in table.column_names if name in own or name == "_line"])


def _slices(run_ids: pa.ChunkedArray) -> dict[str, tuple[int, int]]:
    """Offset and length of each run in a column that is sorted by run."""
    slices: dict[str, tuple[int, int]] = {}
    offset = 0
    for item in run_ids.value_counts().to_pylist():
        slices[item["values"]] = (offset, item["counts"])
        offset += item["counts"]
    return slices
