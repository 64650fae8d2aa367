"""Schema history: the columns of every run as they came, and what changed since the run before."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa

from dqm_assets.pipeline.column_values import arrived_profiles, stored_profiles
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.rows import as_json
from dqm_assets.quality.category_drift import category_changes
from dqm_assets.quality.contracts.contract_drift import contract_changes
from dqm_assets.quality.drift import SchemaChange, SeenColumn, schema_changes
from dqm_assets.store import Store

#: Runs without a null before a null is a change, and runs with the same categories before others are.
NULL_FREE_RUNS, SETTLED_RUNS = 20, 3


@dataclass(frozen=True)
class SchemaRow:
    """A line of ``monitoring.schema_history``."""

    dataset: str
    run_id: str
    ts: datetime
    schema_sha: str
    columns: str
    #: What changed since the run before.
    changes: str
    #: How the columns depart from the contract, and what its policy makes of that.
    breaches: str
    policy: str


@dataclass(frozen=True)
class ArrivedSchema:
    """The columns of one run that is being loaded."""

    run_id: str
    ts: datetime
    columns: tuple[SeenColumn, ...]
    #: Its rows, whose values speak for renames; None when they are not at hand.
    rows: pa.Table | None = field(default=None, compare=False)


@dataclass(frozen=True)
class _Before:
    """Columns of the runs before, oldest first, and the last of them, with its rows if it arrives now."""

    past: list[tuple[SeenColumn, ...]]
    run_id: str
    arrived: ArrivedSchema | None


@dataclass(frozen=True)
class SchemaStep:
    """One version of a dataset's columns: from which run on they were so, and how they came to be so."""

    run_id: str
    ts: datetime
    #: Runs that had these columns, one after the other.
    runs: int
    columns: tuple[SeenColumn, ...]
    #: What was told of the first of these runs.
    changes: tuple[str, ...] = ()
    breaches: tuple[str, ...] = ()
    policy: str = ""
    #: The columns as a diff against the version before: lines that begin with ``+``, ``-`` or a blank.
    diff: tuple[str, ...] = field(default_factory=tuple)


def schema_rows(store: Store, dataset: Dataset, arrived: Sequence[ArrivedSchema]) -> list[SchemaRow]:
    """Compare each run's columns with those of the runs before it, in the order of the data.

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
    past, last = _past(store, dataset, ordered[0])
    here = {run.run_id: run for run in ordered}
    rows = []
    for run in ordered:
        # A reloaded run is not compared with itself, and the first run of a dataset with nothing.
        changes = _changes(store, dataset, _Before(past, last, here.get(last)), run) if past else []
        breaches = contract_changes(dataset.contract, run.columns) if dataset.contract else []
        shape = as_json([{"name": c.name, "type": c.type, "written": c.written} for c in run.columns])
        rows.append(
            SchemaRow(
                dataset=dataset.name,
                run_id=run.run_id,
                ts=run.ts,
                schema_sha=hashlib.sha256(shape.encode()).hexdigest()[:16],
                columns=as_json([_document(column) for column in run.columns]),
                # That nulls never came before is no promise: only the contract's word makes it a break.
                changes=as_json([_told(c, breaking=c.breaking and c.kind != "nullability") for c in changes]),
                breaches=as_json([_told(change, breaking=change.breaking) for change in breaches]),
                policy=dataset.contract.drift_policy if dataset.contract else "",
            )
        )
        # What is blocked is not what readers have seen: the next run is compared with the one before it.
        if not blocking_reasons(rows[-1]):
            past = [*past[1 - NULL_FREE_RUNS :], _known(past[-1] if past else (), run.columns)]
            last = run.run_id
    return rows


def _changes(store: Store, dataset: Dataset, before: _Before, run: ArrivedSchema) -> list[SchemaChange]:
    """What changed since the runs before; values are looked at when a column may have been renamed."""
    old, new = _settled(before.past), run.columns
    names, known = {column.name for column in old}, {column.name for column in new}
    if not names - known or not known - names:
        return schema_changes(old, new)
    gone = sorted(names - known)
    return schema_changes(
        old,
        new,
        values_before=(
            arrived_profiles(before.arrived.rows, gone)
            if before.arrived
            else stored_profiles(store, dataset.name, before.run_id, gone)
        ),
        values_after=arrived_profiles(run.rows, sorted(known - names)),
    )


def breaking_changes(
    store: Store, dataset: Dataset, run_ids: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """What of each run's columns breaks readers of the runs before: (column, what happened).

    A run whose contract accepts drift has nothing that breaks.
    """
    rows = store.rows(
        "SELECT run_id, changes FROM monitoring.schema_history "
        "WHERE dataset = ? AND list_contains(?, run_id) AND policy <> 'accept'",
        [dataset.name, list(run_ids)],
    )
    return {
        row["run_id"]: [(c["column"], c["detail"]) for c in json.loads(row["changes"]) if c["breaking"]]
        for row in rows
    }


def blocking_reasons(row: SchemaRow) -> list[dict[str, str]]:
    """Why what follows a run is blocked, as reasons of its registry line; nothing under another policy."""
    if row.policy != "block":
        return []
    return [
        {"code": "schema", "column": change["column"], "metric": "", "message": change["detail"]}
        for change in json.loads(row.breaches)
        if change["breaking"]
    ]


def schema_steps(store: Store, dataset: str, *, limit: int = 50) -> list[SchemaStep]:
    """The versions of a dataset's columns, newest first, each as a diff against the one before.

    Args:
        store: The open store.
        dataset: Name of the dataset.
        limit: Versions to give at most.
    """
    rows = store.rows(
        """
        WITH numbered AS (
            SELECT *, coalesce(schema_sha <> lag(schema_sha) OVER (ORDER BY ts, run_id), true) AS starts
            FROM monitoring.schema_history WHERE dataset = $dataset
        ), grouped AS (
            SELECT *, sum(starts::INT) OVER (ORDER BY ts, run_id) AS version FROM numbered
        ), counted AS (
            SELECT *, count(*) OVER (PARTITION BY version) AS runs FROM grouped
        )
        SELECT run_id, ts, runs, columns, changes, breaches, policy FROM counted WHERE starts
        ORDER BY version DESC LIMIT $limit
        """,
        # One more, to compare the oldest one that is shown with.
        {"dataset": dataset, "limit": limit + 1},
    )
    steps = [
        SchemaStep(
            run_id=row["run_id"],
            ts=row["ts"],
            runs=row["runs"],
            columns=_columns(row["columns"]),
            changes=_details(row["changes"]),
            breaches=_details(row["breaches"]),
            policy=row["policy"] or "",
            diff=_diff(_columns(older["columns"]) if older else (), _columns(row["columns"])),
        )
        for row, older in zip(rows, [*rows[1:], None], strict=False)
    ]
    return steps[:limit]


def _diff(before: Sequence[SeenColumn], after: Sequence[SeenColumn]) -> tuple[str, ...]:
    """Columns line by line in the order of the later ones, what is gone where it stood."""
    old, new = [_line(column) for column in before], [_line(column) for column in after]
    lines: list[str] = []
    position = 0
    for line in new:
        if line in old[position:]:
            found = old.index(line, position)
            lines += [f"- {gone}" for gone in old[position:found]]
            position = found + 1
            lines.append(f"  {line}")
        else:
            lines.append(f"+ {line}")
    return (*lines, *(f"- {gone}" for gone in old[position:]))


def _line(column: SeenColumn) -> str:
    return f"{column.label}: {column.type or 'unknown'}"


def _document(column: SeenColumn) -> dict[str, Any]:
    found: dict[str, Any] = {"name": column.name, "type": column.type, "written": column.written}
    if column.nullable is not None:
        found["nullable"] = column.nullable
    if column.categories:
        found["categories"] = dict(column.categories)
    return found


def _told(change: SchemaChange, *, breaking: bool) -> dict[str, Any]:
    return {"kind": change.kind, "column": change.column, "detail": change.message, "breaking": breaking}


def _details(changes: str | None) -> tuple[str, ...]:
    return tuple(change["detail"] for change in json.loads(changes or "[]"))


def _columns(stored: str) -> tuple[SeenColumn, ...]:
    return tuple(
        SeenColumn(c["name"], c["type"], c["written"], c.get("nullable"), c.get("categories") or {})
        for c in json.loads(stored)
    )


def _past(store: Store, dataset: Dataset, run: ArrivedSchema) -> tuple[list[tuple[SeenColumn, ...]], str]:
    """Columns of the runs before, oldest first, each with what was known by then, and the last run's id."""
    rows = store.rows(
        "SELECT run_id, columns FROM monitoring.schema_history WHERE dataset = ? AND (ts, run_id) < (?, ?) "
        "AND (policy IS DISTINCT FROM 'block' "
        "OR NOT list_contains(json_extract_string(breaches, '$[*].breaking'), 'true')) "
        "ORDER BY ts DESC, run_id DESC LIMIT ?",
        [dataset.name, run.ts, run.run_id, NULL_FREE_RUNS],
    )
    past: list[tuple[SeenColumn, ...]] = []
    for row in reversed(rows):
        past.append(_known(past[-1] if past else (), _columns(row["columns"])))
    return past, rows[0]["run_id"] if rows else ""


def _settled(past: Sequence[tuple[SeenColumn, ...]]) -> list[SeenColumn]:
    """The last run's columns, with nullability and categories only where the runs before agree on them."""
    runs: list[Mapping[str, SeenColumn]] = [{column.name: column for column in run} for run in past]
    return [
        SeenColumn(
            column.name,
            column.type,
            column.written,
            _nullable([run.get(column.name) for run in runs]),
            _categories([run.get(column.name) for run in runs[-SETTLED_RUNS:]]),
        )
        for column in past[-1]
    ]


def _nullable(history: Sequence[SeenColumn | None]) -> bool | None:
    """False when enough runs were without a null; never True, as a run without nulls is no news."""
    free = [column is not None and column.nullable is False for column in history]
    return False if len(free) >= NULL_FREE_RUNS and all(free) else None


def _categories(history: Sequence[SeenColumn | None]) -> Mapping[str, int]:
    known = [column.categories for column in history if column is not None and column.categories]
    if len(known) < SETTLED_RUNS or any(category_changes(one, two) for one, two in pairwise(known)):
        return {}
    return known[-1]


def _known(before: Sequence[SeenColumn], now: Sequence[SeenColumn]) -> tuple[SeenColumn, ...]:
    """Columns to compare the next run with: a column that was empty this time keeps the type it had."""
    types = {column.name: column.type for column in before}
    return tuple(
        SeenColumn(
            c.name,
            types.get(c.name, c.type) if c.type == "null" else c.type,
            c.written,
            c.nullable,
            c.categories,
        )
        for c in now
    )
