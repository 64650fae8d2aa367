"""Stored points of series: which are new, which were corrected, and what lies between two times."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.watch import Point
from dqm_assets.store import Store

#: Points of a series that are read when its state must be learned anew.
HISTORY_POINTS = 5_000
_WINDOW = """
    SELECT column_name, segment, metric, batch, ts, value FROM metrics.metrics
    WHERE dataset = $dataset AND list_contains($metrics, metric) AND ts BETWEEN $first AND $last
"""
_HISTORY = """
    SELECT column_name, segment, metric, batch, ts, value FROM metrics.metrics
    WHERE dataset = $dataset AND list_contains($metrics, metric)
      AND list_contains($series, column_name || chr(31) || segment || chr(31) || metric)
    QUALIFY row_number() OVER (
        PARTITION BY column_name, segment, metric ORDER BY ts DESC, batch DESC
    ) <= $points
"""
_NEWEST = """
    SELECT column_name, segment, metric, max(struct_pack(ts := ts, batch := batch)) AS place
    FROM metrics.metrics WHERE dataset = $dataset AND list_contains($metrics, metric) AND ts >= $first
    GROUP BY column_name, segment, metric
"""

#: Column, segment and metric.
Address = tuple[str, str, str]
#: Time and batch: the order of a series.
Place = tuple[datetime, str]


@dataclass(frozen=True)
class Arrivals:
    """Points as the store knows them.

    Attributes:
        new: points it has never seen.
        changed: points it has with another value.
    """

    new: Sequence[Point]
    changed: Sequence[Point]

    @property
    def points(self) -> list[Point]:
        """What has to be judged."""
        return [*self.new, *self.changed]


def address_of(point: Point) -> Address:
    """Which series a point is of."""
    return point.column_name, point.segment, point.metric


def place_of(point: Point) -> Place:
    """Where a point stands in its series."""
    return point.ts, point.batch


def arrivals(store: Store, dataset: str, points: Iterable[Point]) -> Arrivals:
    """Tell points that the store has never seen from those that it has with another value."""
    wanted = {(address_of(point), point.batch): point for point in points}
    stored = points_between(
        store,
        dataset,
        {point.metric for point in wanted.values()},
        min(point.ts for point in wanted.values()),
        max(point.ts for point in wanted.values()),
    )
    values = {(address, point.batch): point.value for address, of in stored.items() for point in of}
    known = [(values[key], point) for key, point in wanted.items() if key in values]
    return Arrivals(
        [point for key, point in wanted.items() if key not in values],
        [point for value, point in known if not _same(value, point.value)],
    )


def points_between(
    store: Store, dataset: str, metrics: Collection[str], first: datetime, last: datetime
) -> dict[Address, list[Point]]:
    """Points of some metrics from one time to another, both included, by series."""
    rows = store.query(
        _WINDOW, {"dataset": dataset, "metrics": sorted(metrics), "first": first, "last": last}
    ).to_pylist()
    found: dict[Address, list[Point]] = defaultdict(list)
    for row in rows:
        point = Point(**row)
        found[address_of(point)].append(point)
    return found


def newest_places(
    store: Store, dataset: str, metrics: Collection[str], first: datetime
) -> dict[Address, Place]:
    """Where the last point of each series stands that has one at a time or later."""
    asked = {"dataset": dataset, "metrics": sorted(metrics), "first": first}
    return {
        (row["column_name"], row["segment"], row["metric"]): (row["place"]["ts"], row["place"]["batch"])
        for row in store.rows(_NEWEST, asked)
    }


def newest_points(store: Store, dataset: str, series: Collection[Address]) -> dict[Address, list[Point]]:
    """The newest 5,000 points of each series, in no order."""
    asked = {
        "dataset": dataset,
        "metrics": sorted({address[2] for address in series}),
        "series": ["\x1f".join(address) for address in sorted(series)],
        "points": HISTORY_POINTS,
    }
    found: dict[Address, list[Point]] = {address: [] for address in series}
    for row in store.rows(_HISTORY, asked):
        point = Point(**row)
        found[address_of(point)].append(point)
    return found


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)  # noqa: PLR0124 (NaN is the same as NaN)
