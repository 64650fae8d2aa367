"""Watched databases: each source with how asking it goes, and its tables with what is known of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from dash_app.services.rows import as_count, as_number, as_text, as_utc
from dqm_assets.pipeline.source_circuits import source_circuits
from dqm_assets.pipeline.source_tables import SOURCES, pipeline_of
from dqm_assets.settings import Settings
from dqm_assets.sources.databases.circuit import Circuit
from dqm_assets.sources.databases.source_files import source_files
from dqm_assets.store import Store

#: Periods that a small line draws.
SPARK_PERIODS = 60

TABLES = """
WITH counted AS (
    SELECT dataset, ts, value, metric FROM metrics.metrics
    WHERE metric IN ('row_count', 'inserts', 'updates', 'deletes') AND column_name = '' AND segment = ''
        AND dataset IN (SELECT dataset FROM monitoring.source_tables)
    QUALIFY row_number() OVER (PARTITION BY dataset, metric ORDER BY ts DESC) <= $periods
), rates AS (
    SELECT dataset, list(value ORDER BY ts) FILTER (metric = 'row_count') AS rows,
        arg_max(value, ts) FILTER (metric = 'inserts') AS inserts,
        arg_max(value, ts) FILTER (metric = 'updates') AS updates,
        arg_max(value, ts) FILTER (metric = 'deletes') AS deletes
    FROM counted GROUP BY dataset
), alerts AS (
    SELECT dataset, count(*) AS open FROM monitoring.alerts
    WHERE status IN ('open', 'acknowledged') GROUP BY dataset
), scores AS (
    SELECT name AS dataset, arg_max(score, day) AS score FROM monitoring.scores
    WHERE scope = 'dataset' GROUP BY name
)
SELECT t.*, r.rows, r.inserts, r.updates, r.deletes, a.open, s.score
FROM monitoring.source_tables AS t
LEFT JOIN rates AS r USING (dataset) LEFT JOIN alerts AS a USING (dataset)
LEFT JOIN scores AS s USING (dataset)
ORDER BY t.source, t.table_name
"""
STATUS = """
SELECT pipeline, status, reason, last_success, last_attempt FROM monitoring.pipeline_status
WHERE starts_with(pipeline, ?)
"""


@dataclass(frozen=True, slots=True)
class WatchedTableState:
    """A watched table: how its last look went and what is known of it.

    Attributes:
        rows: row counts of the newest periods, oldest first.
        inserts, updates, deletes: of the newest hour of a change log.
        sampling_error: relative standard error of row counts; 0 when all rows are counted.
    """

    source: str
    table: str
    dataset: str
    type: str
    address: str
    kind: str
    profile: str
    owner: str
    status: str
    reason: str
    late: bool
    looked_at: datetime | None
    watermark: datetime | None
    newest: datetime | None
    age_limit_seconds: float | None
    rows_scanned: int
    seconds: float | None
    sampling_error: float
    rows: tuple[float, ...]
    inserts: float | None
    updates: float | None
    deletes: float | None
    open_alerts: int
    score: float | None


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source: how asking it goes, and its tables that were ever looked at."""

    source: str
    type: str
    address: str
    owner: str
    #: SUCCESS or FAILED; ``None`` when it was never asked.
    status: str | None
    reason: str
    last_success: datetime | None
    last_attempt: datetime | None
    tables: tuple[WatchedTableState, ...]
    #: Whether it is asked, and until when it is left alone.
    circuit: str = "closed"
    again_at: datetime | None = None

    @property
    def failing(self) -> int:
        """Tables whose last look failed."""
        return sum(table.status == "FAILED" for table in self.tables)


@dataclass(frozen=True, slots=True)
class SourceBook:
    """All sources, and what is wrong in their files."""

    sources: tuple[SourceState, ...]
    problems: tuple[str, ...]


def source_book(store: Store, settings: Settings) -> SourceBook:
    """Read every source that has a file or was looked at."""
    files = source_files(settings)
    tables: dict[str, list[WatchedTableState]] = defaultdict(list)
    for row in store.rows(TABLES, {"periods": SPARK_PERIODS}):
        tables[row["source"]].append(_table(row))
    circuits = source_circuits(store, datetime.now(UTC))
    status = {row["pipeline"]: row for row in store.rows(STATUS, [SOURCES])}
    declared = {one.source.source: one.source for one in files if one.source is not None}
    found = []
    for name in sorted(declared.keys() | tables.keys()):
        circuit = circuits.get(name, Circuit())
        told, source, known = status.get(pipeline_of(name)), declared.get(name), tables[name]
        found.append(
            SourceState(
                name,
                source.type if source else known[0].type,
                source.address if source else known[0].address,
                source.owner if source else known[0].owner,
                told["status"] if told else None,
                as_text(told["reason"]) if told else "",
                as_utc(told["last_success"]) if told else None,
                as_utc(told["last_attempt"]) if told else None,
                tuple(known),
                circuit.state,
                circuit.again_at,
            )
        )
    problems = [str(problem) for one in files for problem in one.problems]
    return SourceBook(tuple(found), tuple(problems))


def _table(row: dict) -> WatchedTableState:
    return WatchedTableState(
        source=row["source"],
        table=row["table_name"],
        dataset=as_text(row["dataset"]),
        type=as_text(row["type"]),
        address=as_text(row["address"]),
        kind=as_text(row["kind"]),
        profile=as_text(row["profile"]),
        owner=as_text(row["owner"]),
        status=as_text(row["status"]),
        reason=as_text(row["reason"]),
        late=bool(row["late"]),
        looked_at=as_utc(row["looked_at"]),
        watermark=as_utc(row["watermark"]),
        newest=as_utc(row["newest"]),
        age_limit_seconds=as_number(row["age_limit_seconds"]),
        rows_scanned=as_count(row["rows_scanned"]),
        seconds=as_number(row["seconds"]),
        sampling_error=as_number(row["sampling_error"]) or 0.0,
        rows=tuple(row["rows"] or ()),
        inserts=as_number(row["inserts"]),
        updates=as_number(row["updates"]),
        deletes=as_number(row["deletes"]),
        open_alerts=as_count(row["open"]),
        score=as_number(row["score"]),
    )
