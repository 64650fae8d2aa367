"""Schema history: the columns of every run as they came, and what changed since the run before."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.ingest import ParsedFile
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.rows import as_json
from dqm_assets.quality.drift import SeenColumn, schema_changes
from dqm_assets.store import Store


@dataclass(frozen=True)
class SchemaRow:
    """A line of ``monitoring.schema_history``."""

    dataset: str
    run_id: str
    ts: datetime
    schema_sha: str
    columns: str
    changes: str


@dataclass(frozen=True)
class ArrivedSchema:
    """The columns of one run that is being loaded."""

    run_id: str
    ts: datetime
    columns: tuple[SeenColumn, ...]


def seen_columns(parsed: ParsedFile) -> tuple[SeenColumn, ...]:
    """Columns of a file in file order, with their types and their names as written."""
    headers = parsed.header_names
    # A header may name fewer columns than the rows have, or be missing altogether.
    written = (*headers, *(name for name, _ in parsed.columns_seen[len(headers) :]))
    return tuple(
        SeenColumn(name, str(arrow_type), header)
        for (name, arrow_type), header in zip(parsed.columns_seen, written, strict=True)
    )


def schema_rows(store: Store, dataset: Dataset, arrived: Sequence[ArrivedSchema]) -> list[SchemaRow]:
    """Compare each run's columns with those of the run before it, in the order of the data.

    Args:
        store: The open store.
        dataset: The dataset of the runs.
        arrived: Runs that are being loaded.

    Returns:
        One line for each arrived run, ready to be written with its rows.
    """
    if not arrived:
        return []
    ordered = sorted(arrived, key=lambda run: (run.ts, run.run_id))
    before = _last_before(store, dataset, ordered[0])
    rows = []
    for run in ordered:
        # A reloaded run is not compared with itself, and the first run of a dataset with nothing.
        changes = schema_changes(before, run.columns) if before else []
        columns = as_json([{"name": c.name, "type": c.type, "written": c.written} for c in run.columns])
        rows.append(
            SchemaRow(
                dataset=dataset.name,
                run_id=run.run_id,
                ts=run.ts,
                schema_sha=hashlib.sha256(columns.encode()).hexdigest()[:16],
                columns=columns,
                changes=as_json(
                    [
                        {"kind": c.kind, "column": c.column, "detail": c.message, "breaking": c.breaking}
                        for c in changes
                    ]
                ),
            )
        )
        before = _known(before, run.columns)
    return rows


def breaking_changes(
    store: Store, dataset: Dataset, run_ids: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """What of each run's columns breaks readers of the runs before: (column, what happened)."""
    rows = store.rows(
        "SELECT run_id, changes FROM monitoring.schema_history "
        "WHERE dataset = ? AND list_contains(?, run_id)",
        [dataset.name, list(run_ids)],
    )
    return {
        row["run_id"]: [(c["column"], c["detail"]) for c in json.loads(row["changes"]) if c["breaking"]]
        for row in rows
    }


def _last_before(store: Store, dataset: Dataset, run: ArrivedSchema) -> tuple[SeenColumn, ...]:
    rows = store.rows(
        "SELECT columns FROM monitoring.schema_history WHERE dataset = ? AND (ts, run_id) < (?, ?) "
        "ORDER BY ts DESC, run_id DESC LIMIT 1",
        [dataset.name, run.ts, run.run_id],
    )
    if not rows:
        return ()
    return tuple(SeenColumn(c["name"], c["type"], c["written"]) for c in json.loads(rows[0]["columns"]))


def _known(before: Sequence[SeenColumn], now: Sequence[SeenColumn]) -> tuple[SeenColumn, ...]:
    """Columns to compare the next run with: a column that was empty this time keeps the type it had."""
    types = {column.name: column.type for column in before}
    return tuple(
        SeenColumn(c.name, types.get(c.name, c.type) if c.type == "null" else c.type, c.written) for c in now
    )
