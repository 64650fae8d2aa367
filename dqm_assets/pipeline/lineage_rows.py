"""Lineage in the store: kept for each code location, read as one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.lineage import Lineage
from dqm_assets.store import Store

LINEAGE = "monitoring.lineage"
#: How often what did not change is recorded anew, and after how long without that a code location is gone.
_REFRESHED, _GONE = timedelta(days=1), timedelta(days=7)
_EDGES = "SELECT dataset, upstream, recorded_at FROM monitoring.lineage"


@dataclass(frozen=True)
class LineageRow:
    """A line of ``monitoring.lineage``: a dataset of a code location, and one of its parents."""

    location: str
    dataset: str
    upstream: str
    recorded_at: datetime


def record_lineage(store: Store, location: str, lineage: Lineage, now: datetime) -> bool:
    """Make this the lineage of a code location; with nothing new it takes no lock, but once a day.

    Returns:
        Whether it was written.
    """
    rows = store.rows(f"{_EDGES} WHERE location = ?", [location])
    known = Lineage.of_edges((row["dataset"], row["upstream"]) for row in rows)
    fresh = all(now - row["recorded_at"] < _REFRESHED for row in rows)
    if known.edges == lineage.edges and fresh:
        return False
    with store.transaction(LINEAGE) as tx:
        tx.delete(LINEAGE, "location = ?", [location])
        upsert_rows(tx, LINEAGE, [LineageRow(location, *edge, now) for edge in lineage.edges])
    return True


def read_lineage(rows: Callable[[str], list[dict[str, Any]]]) -> Lineage:
    """The lineage of all code locations together, without those that are gone: not recorded for a week.

    Args:
        rows: reads rows of a query, of the store or of a transaction.
    """
    since = datetime.now(UTC) - _GONE
    return Lineage.of_edges(
        (row["dataset"], row["upstream"]) for row in rows(_EDGES) if row["recorded_at"] >= since
    )
