"""The online monitor: segment counts → online shares, incidents, verdicts and alerts, with their causes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.errors import SourceError
from dqm_assets.pipeline.devices_alert_log import log_alert_events
from dqm_assets.pipeline.devices_collect import DATASET
from dqm_assets.pipeline.devices_inventory import inventory_counts
from dqm_assets.pipeline.observe import ObserveSummary, Point, Watch, observe
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.alert import Alert
from dqm_assets.quality.segments import Explanation
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.sources.devices.explanation import explain_drop
from dqm_assets.sources.devices.fleet_history import FleetHistory, Part, part_named
from dqm_assets.sources.devices.incidents import Incident, IncidentFinder, Moment, Rule
from dqm_assets.sources.devices.segments import MOST_DIMENSIONS, SEGMENTS
from dqm_assets.sources.devices.snapshot import SegmentKey
from dqm_assets.store import Store

METRIC, SHARE_DROP, SEASONAL = "online_share", "share_drop", "seasonal"
#: Snapshots that are looked at together.
_MOST = 200
#: Segments that the monitor needs: each dimension alone, and each pair.
_WATCHED = tuple(segment for segment in SEGMENTS if "OS_version" not in segment)

#: Snapshots that were stored, and not yet judged. Counts go with the age of the data, payloads with that of
#: their arrival: without its counts nothing can be said of a snapshot any more.
_PENDING = """
    SELECT p.ts, p.simulated FROM raw.device_payloads AS p
    WHERE p.ts >= (SELECT min(ts) FROM raw.segment_timeseries) AND NOT EXISTS (
        FROM metrics.metrics AS m
        WHERE m.dataset = $dataset AND m.metric = $metric AND m.segment = '' AND m.ts = p.ts
    )
    ORDER BY p.ts LIMIT $most
"""
_JUDGED_UNTIL = """
    SELECT max(ts) AS ts FROM metrics.metrics WHERE dataset = $dataset AND metric = $metric AND segment = ''
"""
_BEFORE = "SELECT ts FROM raw.device_payloads WHERE ts < ? ORDER BY ts DESC LIMIT ?"
_COUNTS = """
    SELECT ts, segment, dim1_value, dim2_value, dim3_value, count FROM raw.segment_timeseries
    WHERE ts BETWEEN $first AND $last AND list_contains($segments, segment)
"""
_LASTING = """
    SELECT * FROM monitoring.device_incidents
    WHERE started < $first AND (ended IS NULL OR ended >= $first)
"""


@dataclass(frozen=True)
class IncidentRow:
    """A line of ``monitoring.device_incidents``."""

    dimension: str
    value: str
    started: datetime
    level: float
    ended: datetime | None
    lost: int
    inventory: int


@dataclass(frozen=True)
class MonitorSummary:
    """What the monitor did.

    Attributes:
        moments: snapshots that were judged, ascending.
        observed: what became of their points.
        logged: lines that were added to the alert log.
    """

    moments: tuple[Moment, ...] = ()
    observed: ObserveSummary = field(default_factory=ObserveSummary)
    logged: int = 0


def watches(rule: Rule) -> tuple[Watch, ...]:
    """How the online share is judged: against the last few snapshots and against its season, in one alert."""
    return (
        Watch(
            METRIC,
            SHARE_DROP,
            SHARE_DROP,
            kind="share",
            bad_when="low",
            parameters={"history": rule.history, "drop": rule.drop},
            severity="error",
        ),
        Watch(
            METRIC,
            SEASONAL,
            "ensemble",
            Sensitivity.per_weeks(8),
            kind="share",
            bad_when="low",
            least_relative=rule.drop,
            joins=SHARE_DROP,
        ),
    )


def monitor(store: Store, rule: Rule, *, owner: str = "") -> MonitorSummary:
    """Judge every snapshot that has not been judged; with none, nothing happens.

    Args:
        store: The open store.
        rule: What is a drop.
        owner: Who is told.

    Raises:
        SourceError: there is no inventory, so that no share can be known.
    """
    total = MonitorSummary()
    while pending := store.rows(_PENDING, {"dataset": DATASET, "metric": METRIC, "most": _MOST}):
        done = _judge(
            store, [row["ts"] for row in pending], any(row["simulated"] for row in pending), rule, owner
        )
        total = MonitorSummary(
            (*total.moments, *done.moments),
            _summed(total.observed, done.observed),
            total.logged + done.logged,
        )
        # What gives no point stays pending: nothing would ever end.
        if len(pending) < _MOST or not done.moments:
            break
    return total


def fleet_history(store: Store, first: datetime, last: datetime, before: int) -> FleetHistory:
    """Counts from the ``before`` snapshots before ``first`` to ``last``.

    Raises:
        SourceError: there is no inventory.
    """
    inventory = inventory_counts(store, _WATCHED)
    if not inventory:
        raise SourceError(
            "There is no inventory of devices, so nobody knows which share is online. "
            "Load one with `dqm devices inventory FILE`.",
            "no_inventory",
        )
    earlier = store.rows(_BEFORE, [first, before])
    start = earlier[-1]["ts"] if earlier else first
    rows = store.query(_COUNTS, {"first": start, "last": last, "segments": list(_WATCHED)})
    return FleetHistory(*_pivoted(rows), inventory)


def _judge(store: Store, pending: list[datetime], simulated: bool, rule: Rule, owner: str) -> MonitorSummary:
    """Judge the late ones by themselves, then the new ones together."""
    until = store.rows(_JUDGED_UNTIL, {"dataset": DATASET, "metric": METRIC})[0]["ts"]
    late = [ts for ts in pending if until is not None and ts < until]
    spans = [[ts] for ts in late]
    fresh = pending[len(late) :]
    if fresh:
        spans.append(fresh)
    moments: list[Moment] = []
    observed = ObserveSummary()
    for span in spans:
        history = fleet_history(store, span[0], span[-1], rule.history)
        finder = IncidentFinder(history, rule, _lasting(store, span[0]))
        wanted = set(span)
        looked = {place: finder.look(place) for place, ts in enumerate(history.times) if ts in wanted}
        if span is fresh:
            _keep(store, finder.incidents)
        moments += looked.values()
        observed = _summed(
            observed,
            observe(
                store,
                DATASET,
                [point for moment in looked.values() for point in _points(moment)],
                watches(rule),
                owner=owner,
                simulated=simulated,
                explain=_explainer(history, looked, rule),
            ),
        )
    logged = log_alert_events(store, DATASET, pending[0], pending[-1])
    return MonitorSummary(tuple(moments), observed, logged)


def _points(moment: Moment) -> list[Point]:
    batch = moment.ts.isoformat()
    return [Point("", part.name, METRIC, batch, moment.ts, share) for part, share in moment.shares.items()]


def _explainer(
    history: FleetHistory, looked: dict[int, Moment], rule: Rule
) -> Callable[[Alert], Explanation | None]:
    places = {moment.ts: place for place, moment in looked.items()}

    def explain(alert: Alert) -> Explanation | None:
        # Later on the baseline holds snapshots of the incident itself.
        place = places.get(alert.opened_ts)
        if place is None:
            return None
        moment = looked[place]
        return explain_drop(history, place, part_named(alert.segment), moment.broken, baseline=rule.history)

    return explain


def _lasting(store: Store, first: datetime) -> list[Incident]:
    return [
        Incident(
            Part(row["dimension"], row["value"]), row["started"], row["level"], row["lost"], row["inventory"]
        )
        for row in store.rows(_LASTING, {"first": first})
    ]


def _keep(store: Store, incidents: Sequence[Incident]) -> None:
    rows = [
        IncidentRow(e.part.dimension, e.part.value, e.started, e.level, e.ended, e.lost, e.inventory)
        for e in incidents
    ]
    with store.transaction() as tx:
        upsert_rows(tx, "monitoring.device_incidents", rows)


def _pivoted(rows: pa.Table) -> tuple[list[datetime], list[SegmentKey], np.ndarray]:
    """Counts as a matrix of times and keys; what a snapshot does not name counts 0."""
    values = [f"dim{place}_value" for place in range(1, MOST_DIMENSIONS + 1)]
    joined = pc.binary_join_element_wise(rows["segment"], *(rows[name] for name in values), "\x1f")
    keys = joined.combine_chunks().dictionary_encode()
    ts = rows["ts"].combine_chunks().dictionary_encode()
    order = np.argsort(np.array(ts.dictionary.cast(pa.int64())), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    counts = np.zeros((len(order), len(keys.dictionary)))
    counts[rank[ts.indices.to_numpy()], keys.indices.to_numpy()] = rows["count"].to_numpy()
    times = ts.dictionary.to_pylist()
    return [times[place] for place in order], [_key(text) for text in keys.dictionary.to_pylist()], counts


def _key(text: str) -> SegmentKey:
    segment, *values = text.split("\x1f")
    return SegmentKey(segment, tuple(value for value in values if value))


def _summed(one: ObserveSummary, other: ObserveSummary) -> ObserveSummary:
    return ObserveSummary(
        one.points + other.points,
        one.verdicts + other.verdicts,
        one.anomalous + other.anomalous,
        one.learning + other.learning,
        one.opened + other.opened,
        one.resolved + other.resolved,
        other.active if other.points else one.active,
    )
