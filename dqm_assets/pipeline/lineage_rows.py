"""Lineage in the store: kept for each code location, read as one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.lineage import Lineage
from dqm_assets.store import Store

LINEAGE = "monitoring.lineage"
_EDGES = "SELECT dataset, upstream FROM monitoring.lineage"


@dataclass(frozen=True)
class LineageRow:
    """A line of ``monitoring.lineage``: a dataset of a code location, and one of its parents."""

    location: str
    dataset: str
    upstream: str
    recorded_at: datetime


def record_lineage(store: Store, location: str, lineage: Lineage) -> bool:
    """Make this the lineage of a code location; with nothing new it takes no lock.

    Returns:
        Whether it differed from what was known.
    """
    mine = f"{_EDGES} WHERE location = ?"
    known = Lineage.of_edges((row["dataset"], row["upstream"]) for row in store.rows(mine, [location]))
    if known.edges == lineage.edges:
        return False
    now = datetime.now(UTC)
    with store.transaction(LINEAGE) as tx:
        tx.delete(LINEAGE, "location = ?", [location])
        upsert_rows(tx, LINEAGE, [LineageRow(location, *edge, now) for edge in lineage.edges])
    return True


def read_lineage(rows: Callable[[str], list[dict[str, Any]]]) -> Lineage:
    """The lineage of all code locations together.

    Args:
        rows: reads rows of a query, of the store or of a transaction.
    """
    return Lineage.of_edges((row["dataset"], row["upstream"]) for row in rows(_EDGES))
