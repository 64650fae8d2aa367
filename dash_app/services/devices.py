"""The device fleet: online share over time, by segment, by state and hour, and what was cut off."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from dash_app.services.rows import as_utc
from dqm_assets.sources.devices.segments import DIMENSIONS, SINGLE
from dqm_assets.store import Store

#: Points of a line; where there are more snapshots, the lowest of each stretch is shown.
MOST_POINTS = 720
DATASET = "devices"

NEWEST = """
SELECT p.ts, p.received_at, p.simulated,
    (SELECT count(*) FROM raw.devices) AS inventory,
    (SELECT count(*) FROM monitoring.alerts WHERE dataset = $dataset AND status IN ('open', 'acknowledged'))
        AS alerts
FROM raw.device_payloads AS p ORDER BY p.ts DESC LIMIT 1
"""
FLEET = """
SELECT ts, sum(count)::BIGINT AS online FROM raw.segment_timeseries
WHERE segment = 'Type' AND ts >= coalesce(
    (SELECT min(ts) FROM (
        SELECT ts FROM raw.device_payloads WHERE ts <= $since ORDER BY ts DESC LIMIT $history
    )), $since
)
GROUP BY ts ORDER BY ts
"""
VALUES = """
SELECT ts, dim1_value AS value, count AS online FROM raw.segment_timeseries
WHERE segment = $segment AND ts > $since ORDER BY value, ts
"""
INVENTORY = "SELECT {column} AS value, count(*) AS devices FROM raw.devices GROUP BY ALL"
HOURS = """
SELECT dim1_value AS state, time_bucket(INTERVAL 1 HOUR, ts) AS hour, avg(count) AS online
FROM raw.segment_timeseries WHERE segment = 'State' AND ts > $since GROUP BY ALL ORDER BY hour, state
"""
INCIDENTS = """
SELECT i.dimension, i.value, i.started, i.ended, i.level, i.lost, i.inventory,
    (SELECT min(alert_id) FROM monitoring.alerts AS a
     WHERE a.dataset = $dataset AND a.detector = 'share_drop'
        AND i.started BETWEEN a.opened_ts AND coalesce(a.resolved_ts, a.last_ts)
        AND a.segment = CASE i.dimension WHEN '' THEN '' ELSE i.dimension || '=' || i.value END) AS alert_id
FROM monitoring.device_incidents AS i
WHERE i.ended IS NULL OR i.ended > $since ORDER BY i.started DESC LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest snapshot, and how much there is to watch."""

    ts: datetime
    received_at: datetime | None
    simulated: bool
    inventory: int
    alerts: int


@dataclass(frozen=True, slots=True)
class SharePoint:
    """The online share at one snapshot, with the mean of those before it."""

    ts: datetime
    online: int
    share: float
    baseline: float | None

    @property
    def drop(self) -> float | None:
        """What is missing, as a share of the baseline; negative when there is more."""
        return (self.baseline - self.share) / self.baseline if self.baseline else None


@dataclass(frozen=True, slots=True)
class ValueSeries:
    """One value of a segment over time: its devices, and how many of them were online."""

    value: str
    devices: int
    ts: tuple[datetime, ...]
    online: tuple[int, ...]

    @property
    def share(self) -> float | None:
        """Its newest online share."""
        return self.online[-1] / self.devices if self.online and self.devices else None


@dataclass(frozen=True, slots=True)
class StateHours:
    """Mean online share by state and hour: ``share[state][hour]``, ``None`` where nothing is known."""

    states: tuple[str, ...]
    hours: tuple[datetime, ...]
    share: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class FleetIncident:
    """A part of the fleet that was cut off; an empty dimension is the whole fleet."""

    dimension: str
    value: str
    started: datetime
    ended: datetime | None
    level: float
    lost: int
    inventory: int
    alert_id: str | None

    @property
    def name(self) -> str:
        """As people read it."""
        return f"{self.dimension} {self.value}" if self.dimension else "The whole fleet"


def newest_snapshot(store: Store) -> Newest | None:
    """Read what the newest snapshot is, or ``None`` while there is none."""
    rows = store.rows(NEWEST, {"dataset": DATASET})
    if not rows:
        return None
    row = rows[0]
    return Newest(
        row["ts"],
        as_utc(row["received_at"]),
        bool(row["simulated"]),
        int(row["inventory"]),
        int(row["alerts"]),
    )


def fleet_share(store: Store, until: datetime, hours: float, history: int) -> tuple[SharePoint, ...]:
    """Read the online share of the whole fleet, oldest first; none without an inventory.

    The baseline is the mean of the ``history`` snapshots before each.
    """
    since = until - timedelta(hours=hours)
    rows = store.rows(FLEET, {"since": since, "history": history})
    devices = sum(_inventory(store, "Type").values())
    if not devices or not rows:
        return ()
    share = np.array([row["online"] for row in rows]) / devices
    sums = np.concatenate(([0.0], np.cumsum(share)))
    baselines = [
        float((sums[place] - sums[place - history]) / history) if place >= history else None
        for place in range(len(share))
    ]
    points = [
        SharePoint(as_utc(row["ts"]) or until, int(row["online"]), float(value), baseline)
        for row, value, baseline in zip(rows, share, baselines, strict=True)
        if row["ts"] > since
    ]
    return tuple(points[place] for place in _lowest(np.array([point.share for point in points])))


def value_series(store: Store, dimension: str, until: datetime, hours: float) -> tuple[ValueSeries, ...]:
    """Read every value of a dimension over time, the one with most devices first."""
    devices = _inventory(store, dimension)
    found: dict[str, tuple[list[datetime], list[int]]] = {}
    for row in store.rows(VALUES, {"segment": dimension, "since": until - timedelta(hours=hours)}):
        times, online = found.setdefault(row["value"], ([], []))
        times.append(row["ts"])
        online.append(int(row["online"]))
    series = []
    for value, (times, online) in found.items():
        shown = _lowest(np.array(online))
        series.append(
            ValueSeries(
                value,
                devices.get(value, 0),
                tuple(times[place] for place in shown),
                tuple(online[place] for place in shown),
            )
        )
    return tuple(sorted(series, key=lambda each: (-each.devices, each.value)))


def state_hours(store: Store, until: datetime, hours: float) -> StateHours:
    """Read the mean online share of each state in each hour."""
    devices = _inventory(store, "State")
    rows = store.rows(HOURS, {"since": until - timedelta(hours=hours)})
    times = sorted({row["hour"] for row in rows})
    states = sorted({row["state"] for row in rows}, key=lambda state: (devices.get(state, 0), state))
    known = {
        (row["state"], row["hour"]): row["online"] / devices[row["state"]]
        for row in rows
        if devices.get(row["state"])
    }
    share = tuple(tuple(known.get((state, hour)) for hour in times) for state in states)
    return StateHours(tuple(states), tuple(as_utc(hour) or until for hour in times), share)


def fleet_incidents(store: Store, until: datetime, hours: float) -> tuple[FleetIncident, ...]:
    """Read what was cut off within the span, the last first."""
    rows = store.rows(INCIDENTS, {"dataset": DATASET, "since": until - timedelta(hours=hours)})
    return tuple(
        FleetIncident(
            row["dimension"],
            row["value"],
            row["started"],
            as_utc(row["ended"]),
            row["level"],
            int(row["lost"]),
            int(row["inventory"]),
            row["alert_id"],
        )
        for row in rows
    )


def _inventory(store: Store, dimension: str) -> dict[str, int]:
    if dimension not in SINGLE:
        return {}
    sql = INVENTORY.format(column=DIMENSIONS[dimension])
    return {row["value"]: int(row["devices"]) for row in store.rows(sql)}


def _lowest(values: np.ndarray) -> list[int]:
    """Places to show: all, or of each stretch the one with the lowest value, and always the last."""
    if len(values) <= MOST_POINTS:
        return list(range(len(values)))
    edges = np.linspace(0, len(values), MOST_POINTS + 1).astype(int)
    places = {int(begin + np.argmin(values[begin:end])) for begin, end in itertools.pairwise(edges)}
    return sorted(places | {len(values) - 1})
