"""Evidence: the failing rows of a stored clause outcome, reopened exactly as they were judged."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pyarrow as pa

from dqm_assets.errors import StoreError
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.newest_batch import newest_batch
from dqm_assets.store import Store
from dqm_assets.store.names import quoted_table

_ID_LENGTH = 12
_MADE_FROM = "substr(sha256(dataset || chr(10) || run_id || chr(10) || clause), 1, 12)"


@dataclass(frozen=True)
class EvidenceRows:
    """Failing rows of one clause over one run."""

    dataset: str
    run_id: str
    clause: str
    severity: str
    passed: bool
    message: str
    failing_rows: int
    checked_rows: int
    checked_at: datetime
    snapshot: int
    #: The rows, sensitive values masked; lines are those of the run's file.
    rows: tuple[Mapping[str, Any], ...]
    #: Whether they were read again from the snapshot, or are the sample kept when they were judged.
    reopened: bool
    #: Why they could not be read again; empty when they were.
    why_not: str = ""


def evidence_id(dataset: str, run_id: str, clause: str) -> str:
    """Short name of one clause's outcome over one run: what `dqm check show` takes."""
    return sha256(f"{dataset}\n{run_id}\n{clause}".encode()).hexdigest()[:_ID_LENGTH]


def find_outcomes(store: Store, wanted: str) -> list[dict[str, Any]]:
    """Stored outcomes by (the beginning of) their evidence id, or those an alert of a contract is about.

    Args:
        store: The open store.
        wanted: Evidence id, or alert id, or the beginning of one.
    """
    return store.rows(
        f"""
        SELECT * FROM monitoring.contract_violations WHERE starts_with({_MADE_FROM}, $id)
        UNION ALL BY NAME
        SELECT c.* FROM monitoring.contract_violations AS c JOIN monitoring.alerts AS a
          ON a.dataset = c.dataset AND a.metric = c.clause AND a.last_batch = c.run_id
        WHERE a.detector = 'contract' AND starts_with(a.alert_id, $id)
        ORDER BY checked_at DESC, clause
        """,  # noqa: S608 - a constant of this module
        {"id": wanted},
    )


def evidence(store: Store, dataset: Dataset | None, outcome: Mapping[str, Any]) -> EvidenceRows:
    """Reopen the failing rows of an outcome from the snapshot that was judged.

    Args:
        store: The open store.
        dataset: The dataset with its contract; None when nobody declares it any more.
        outcome: A line of ``monitoring.contract_violations``.

    Returns:
        The rows as they were, whatever was written since. Where they cannot be read again (the snapshot
        has expired, the clause is no longer the one that was judged) the kept sample, and why.
    """
    kept = EvidenceRows(
        **{name: outcome[name] for name in EvidenceRows.__dataclass_fields__ if name in outcome},
        rows=tuple(json.loads(outcome["sample"])),
        reopened=False,
    )
    clauses = {c.id: c for c in dataset.contract.clauses} if dataset and dataset.contract else {}
    clause = clauses.get(outcome["clause"])
    if dataset is None or dataset.contract is None or clause is None:
        return replace(kept, why_not="the clause is no longer in a contract")
    if clause.fingerprint != outcome["definition"]:
        return replace(kept, why_not="the clause asks for something else now")
    try:
        rows = _rows_then(store, dataset, outcome["run_id"], outcome["snapshot"])
    except StoreError as error:
        return replace(kept, why_not=f"the rows cannot be read as they were: {error}")
    (result,) = dataset.contract.check(rows, now=outcome["checked_at"].astimezone(UTC), only={clause.id})
    return replace(kept, rows=tuple(result.sample), failing_rows=result.failing_rows, reopened=True)


def _rows_then(store: Store, dataset: Dataset, run_id: str, snapshot: int) -> pa.Table:
    """Rows of a run at a snapshot, with the columns that its file had; else the newest batch of then."""
    batch = newest_batch(store, dataset.name, snapshot)
    if batch is not None:
        return batch.rows
    table = store.query(
        f"SELECT * FROM {quoted_table(dataset.raw_table)} "  # noqa: S608 - quoted by the store
        "WHERE _run_id = ? ORDER BY _line",
        [run_id],
        snapshot=snapshot,
    ).drop_columns(["_run_id", "_loaded_at"])
    seen: Sequence[dict[str, Any]] = store.rows(
        "SELECT columns FROM monitoring.schema_history WHERE dataset = ? AND run_id = ?",
        [dataset.name, run_id],
        snapshot=snapshot,
    )
    if not seen:
        return table
    own = {column["name"] for column in json.loads(seen[0]["columns"])}
    return table.select([name for name in table.column_names if name in own or name == "_line"])
