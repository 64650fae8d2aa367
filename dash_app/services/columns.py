"""The columns of a dataset as its newest batch shows them, with the batches before as short series."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from dash_app.services.rows import as_json, as_number, as_text, as_utc
from dqm_assets.quality.profile import ColumnProfile
from dqm_assets.store import Store

#: Batches that a sparkline shows.
RECENT_BATCHES = 30
#: Bins of the small histogram in a row.
ROW_BINS = 24
#: Metrics that the profile table shows, of which the first two are drawn as series too.
SHOWN_METRICS = ("null_fraction", "mean", "distinct_count", "stddev", "min", "p50", "max", "outlier_fraction")

NEWEST_BATCH = """
SELECT batch, max(ts) AS ts
FROM metrics.profiles
WHERE dataset = $dataset AND segment = ''
GROUP BY batch
ORDER BY ts DESC, batch DESC
LIMIT 1
"""

STATES = """
SELECT column_name, kind, state
FROM metrics.profiles
WHERE dataset = $dataset AND batch = $batch AND segment = ''
"""

RECENT = """
WITH newest AS (
    SELECT batch, max(ts) AS ts FROM metrics.profiles
    WHERE dataset = $dataset AND segment = ''
    GROUP BY batch ORDER BY ts DESC, batch DESC LIMIT $limit
)
SELECT m.column_name, m.metric, m.batch, n.ts, m.value, coalesce(v.bad, false) AS bad
FROM newest AS n
JOIN metrics.metrics AS m ON m.dataset = $dataset AND m.batch = n.batch AND m.segment = ''
    AND m.column_name <> '' AND list_contains($metrics::VARCHAR[], m.metric)
LEFT JOIN (
    SELECT column_name, metric, batch, bool_or(verdict = 'anomalous') AS bad
    FROM monitoring.verdicts WHERE dataset = $dataset AND segment = '' GROUP BY ALL
) AS v ON v.column_name = m.column_name AND v.metric = m.metric AND v.batch = m.batch
ORDER BY m.column_name, m.metric, n.ts, m.batch
"""

ORDER = """
SELECT columns FROM monitoring.schema_history
WHERE dataset = $dataset
ORDER BY ts DESC, run_id DESC
LIMIT 1
"""

MEASURED = """
SELECT metric FROM metrics.metrics
WHERE dataset = $dataset AND column_name = $column AND segment = '' AND value IS NOT NULL
GROUP BY metric
ORDER BY metric
"""


@dataclass(frozen=True, slots=True)
class ShortSeries:
    """The newest values of one metric, oldest first, and which of them were out of their range."""

    values: tuple[float | None, ...]
    marked: tuple[bool, ...]

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self.values[-1] if self.values else None


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One column of the profile table."""

    name: str
    kind: str
    #: Counts of equal-width bins, empty for a column without numbers.
    bins: tuple[float, ...]
    #: The most frequent value of a text column with its share of the rows.
    top: tuple[str, float] | None
    series: tuple[tuple[str, ShortSeries], ...]

    def of(self, metric: str) -> ShortSeries:
        """The short series of a metric; empty when it is not measured."""
        return dict(self.series).get(metric, ShortSeries((), ()))


@dataclass(frozen=True, slots=True)
class TableProfile:
    """The newest batch of a dataset, column by column."""

    batch: str
    ts: datetime | None
    columns: tuple[ColumnRow, ...]


def table_profile(store: Store, dataset: str) -> TableProfile | None:
    """Read the newest batch's profile, or ``None`` for a dataset whose batches are not profiled."""
    newest = store.rows(NEWEST_BATCH, {"dataset": dataset})
    if not newest:
        return None
    batch = newest[0]["batch"]
    found: dict[str, dict[str, list[tuple[float | None, bool]]]] = defaultdict(lambda: defaultdict(list))
    asked = {"dataset": dataset, "limit": RECENT_BATCHES, "metrics": list(SHOWN_METRICS)}
    for row in store.rows(RECENT, asked):
        found[row["column_name"]][row["metric"]].append((as_number(row["value"]), bool(row["bad"])))
    rows = [
        _column(row["column_name"], as_text(row["kind"]), bytes(row["state"]), found[row["column_name"]])
        for row in store.rows(STATES, {"dataset": dataset, "batch": batch})
    ]
    places = {name: place for place, name in enumerate(_file_order(store, dataset))}
    rows.sort(key=lambda each: (places.get(each.name, len(places)), each.name))
    return TableProfile(batch, as_utc(newest[0]["ts"]), tuple(rows))


def measured_metrics(store: Store, dataset: str, column: str) -> tuple[str, ...]:
    """Name the metrics of a column that have values."""
    return tuple(row["metric"] for row in store.rows(MEASURED, {"dataset": dataset, "column": column}))


def _file_order(store: Store, dataset: str) -> list[str]:
    rows = store.rows(ORDER, {"dataset": dataset})
    return [column["name"] for column in as_json(rows[0]["columns"])] if rows else []


def _column(
    name: str, kind: str, state: bytes, found: dict[str, list[tuple[float | None, bool]]]
) -> ColumnRow:
    profile = ColumnProfile.from_bytes(state)
    bins: tuple[float, ...] = ()
    top = None
    if kind == "number":
        histogram = profile.histogram(ROW_BINS)
        bins = histogram.counts if len(histogram.counts) > 1 else ()
    elif kind in ("string", "boolean"):
        rows = profile.summary().rows
        frequent = profile.top_k(1)
        top = (str(frequent[0][0]), frequent[0][1] / rows) if frequent and rows else None
    series = tuple(
        (metric, ShortSeries(tuple(value for value, _ in points), tuple(bad for _, bad in points)))
        for metric, points in found.items()
    )
    return ColumnRow(name, kind, bins, top, series)
