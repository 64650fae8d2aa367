"""Undated files: where a file without any time of its own stands among runs whose data is old."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from dqm_assets.store import Store

#: Data that is so much older than its arrival is history that is loaded now.
_HISTORY = timedelta(days=1)
#: Between undated files that are placed one after the other.
_STEP = timedelta(milliseconds=1)

_KNOWN = """
    SELECT run_id, ts, landed_at FROM metrics.runs
    WHERE dataset = $dataset AND status <> 'QUARANTINED'
      AND (list_contains($runs, run_id) OR (ts, run_id) = (
          SELECT max((ts, run_id)) FROM metrics.runs
          WHERE dataset = $dataset AND status <> 'QUARANTINED' AND NOT list_contains($runs, run_id)
      ))
"""


class Arrived(Protocol):
    """What is known of a run when its file has been read."""

    @property
    def run_id(self) -> str:
        """Its id."""
        ...

    @property
    def ts(self) -> datetime:
        """Time of its data, or of its file when nothing else is known."""
        ...

    @property
    def landed_at(self) -> datetime:
        """When its file landed."""
        ...


def places(
    store: Store, dataset: str, runs: Sequence[Arrived], undated: Collection[str]
) -> Mapping[str, datetime]:
    """Times of undated runs that must not stand behind all that is still to come.

    A file's modification time puts it after data of last year that is loaded later, and as the newest run it
    would hide that from alerts and baselines. Among data that is older than its arrival an undated file
    therefore stands right behind the newest data there is; where data comes as it happens, its modification
    time is right. A run that is loaded again stays where it was.

    Args:
        store: The open store.
        dataset: Name of the dataset.
        runs: Runs being loaded, in the order of their arrival.
        undated: Ids of those whose time is only the file's.
    """
    if not undated:
        return {}
    rows = store.rows(_KNOWN, {"dataset": dataset, "runs": [run.run_id for run in runs]})
    ids = {run.run_id for run in runs}
    stored = {row["run_id"]: row["ts"] for row in rows if row["run_id"] in ids}
    newest = max(
        [
            *((row["ts"], row["landed_at"]) for row in rows if row["run_id"] not in ids),
            *((run.ts, run.landed_at) for run in runs if run.run_id not in undated),
        ],
        default=None,
    )
    found: dict[str, datetime] = {}
    for run in runs:
        if run.run_id not in undated:
            continue
        if run.run_id in stored:
            found[run.run_id] = stored[run.run_id]
        elif newest is not None and newest[0] < newest[1] - _HISTORY and newest[0] < run.ts:
            found[run.run_id] = newest[0] + _STEP
            newest = (found[run.run_id], newest[1])
    return found
