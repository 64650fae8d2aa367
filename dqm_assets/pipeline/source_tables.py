"""What is known of each table of a database: how far it was counted, and how its last look went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.sources.databases.source import DatabaseSource, WatchedTable
from dqm_assets.store import Store

#: Prefix of a source's own pipeline; no dataset can be called so.
SOURCES = "sources/"

_KNOWN = "SELECT table_name, watermark, newest FROM monitoring.source_tables WHERE source = ?"


@dataclass(frozen=True)
class Known:
    """How far a table is known from earlier looks."""

    watermark: datetime | None = None
    newest: datetime | None = None


@dataclass(frozen=True)
class DescribedRow:
    """What a line of ``monitoring.source_tables`` says of its table, whichever way a look ended."""

    source: str
    table_name: str
    dataset: str
    type: str
    address: str
    kind: str
    period_seconds: int
    profile: str
    owner: str

    @classmethod
    def of(cls, source: DatabaseSource, watched: WatchedTable) -> "DescribedRow":
        """Describe a table."""
        return cls(
            source.source,
            watched.table,
            source.dataset_of(watched),
            source.type,
            source.address,
            watched.kind if watched.freshness else "snapshot",
            int(watched.period.total_seconds()) if watched.freshness else 0,
            watched.profile,
            source.owner_of(watched),
        )


@dataclass(frozen=True, kw_only=True)
class LookedRow:
    """The rest of the line after a look that succeeded."""

    source: str
    table_name: str
    status: str = "SUCCESS"
    reason: str = ""
    late: bool
    looked_at: datetime
    watermark: datetime | None
    newest: datetime | None
    age_limit_seconds: float | None
    rows_scanned: int
    seconds: float
    sampling_error: float


@dataclass(frozen=True, kw_only=True)
class FailedRow:
    """The rest of the line after a look that failed: how far the table is known stays as it was."""

    source: str
    table_name: str
    status: str = "FAILED"
    reason: str
    looked_at: datetime


def keep_looks(
    store: Store, source: DatabaseSource, looks: Sequence[tuple[WatchedTable, LookedRow | FailedRow]]
) -> None:
    """Write the lines of some tables whose looks all ended the same way."""
    if looks:
        with store.transaction("monitoring.source_tables") as tx:
            described = [DescribedRow.of(source, watched) for watched, _ in looks]
            upsert_rows(tx, "monitoring.source_tables", described)
            upsert_rows(tx, "monitoring.source_tables", [row for _, row in looks])


def known_tables(store: Store, source: str) -> Mapping[str, Known]:
    """How far each table of a source is known, by its name."""
    return {row["table_name"]: Known(row["watermark"], row["newest"]) for row in store.rows(_KNOWN, [source])}


def pipeline_of(source: str) -> str:
    """Name of a source's own pipeline in status, attempts and alerts."""
    return f"{SOURCES}{source}"
