"""A simulated month of sources: each morning all are looked at; what was told is held against the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import tenacity

from dqm_assets.pipeline.database_collect import SourceSummary, collect_sources
from dqm_assets.pipeline.score_drops import ScoreRules
from dqm_assets.pipeline.scores import update_scores
from dqm_assets.quality.scorecard import SCORECARD
from dqm_assets.settings import Settings
from dqm_assets.simulate.databases import Fault, Landscape
from dqm_assets.store import Store

#: Days after a fault within which its alert counts as found.
_FOUND_WITHIN = 3

_ALERTS = """
    SELECT dataset, column_name, metric, detector, title, opened_ts, status FROM monitoring.alerts
    ORDER BY opened_ts, dataset
"""


@dataclass(frozen=True)
class ToldAlert:
    """An alert of the month, and the day of the simulation it opened on."""

    dataset: str
    column: str
    metric: str
    title: str
    day: int


@dataclass(frozen=True)
class MonthReport:
    """What a month of looks has found.

    Attributes:
        found: faults with an alert of their own.
        missed: faults without, of those that happened in these days.
        false: alerts about data that no fault explains.
        pipelines: alerts about sources and tables that cannot be asked.
        seconds: how long each morning took.
        slowest: of the sources that answered, the longest look.
    """

    found: tuple[tuple[Fault, ToldAlert], ...]
    missed: tuple[Fault, ...]
    false: tuple[ToldAlert, ...]
    pipelines: tuple[str, ...]
    mornings: int
    tables: int
    seconds: tuple[float, ...]
    slowest: float


def simulate_month(
    store: Store,
    settings: Settings,
    landscape: Landscape,
    days: int,
    told: Callable[[int, Sequence[SourceSummary]], None] = lambda _day, _done: None,
) -> MonthReport:
    """Let days pass; look at every source each morning, and score everything in the end.

    Args:
        store: The open store.
        settings: Where circuits and contracts are.
        landscape: The sources, with some days of history.
        days: Days that pass.
        told: Is told of each morning.
    """
    landscape.begin()
    seconds, slowest = [], 0.0
    for day in range(landscape.past, landscape.past + days):
        landscape.pass_day(day)
        done = collect_sources(
            store, settings, landscape.sources, landscape.morning(day), wait=tenacity.wait_none()
        )
        seconds.append(max(one.seconds for one in done))
        slowest = max(slowest, *(one.seconds for one in done if not one.reason))
        told(day, done)
    update_scores(store, rules=ScoreRules.of(settings))
    tables = sum(len(source.tables) for source in landscape.sources)
    return _report(store, landscape, (days, tables), tuple(seconds), slowest)


def _report(
    store: Store, landscape: Landscape, looked: tuple[int, int], seconds: tuple[float, ...], slowest: float
) -> MonthReport:
    rows = store.rows(_ALERTS)
    pipelines = tuple(row["title"] for row in rows if row["detector"] == "pipeline")
    alerts = [
        ToldAlert(
            row["dataset"],
            row["column_name"],
            row["metric"],
            row["title"],
            (row["opened_ts"].date() - landscape.start) // timedelta(days=1),
        )
        for row in rows
        if row["detector"] not in {"pipeline", SCORECARD}
    ]
    found = {fault: one for fault in landscape.faults for one in alerts if _tells(one, fault)}
    happened = [fault for fault in landscape.faults if fault.day < landscape.past + looked[0]]
    # What a fault does to other metrics of its table on its days is its consequence, not a false alert.
    false = [one for one in alerts if not any(_explains(fault, one) for fault in landscape.faults)]
    return MonthReport(
        tuple(found.items()),
        tuple(fault for fault in happened if fault not in found),
        tuple(false),
        pipelines,
        *looked,
        seconds,
        slowest,
    )


def _tells(alert: ToldAlert, fault: Fault) -> bool:
    return _explains(fault, alert) and (alert.column, alert.metric) == fault.sign


def _explains(fault: Fault, alert: ToldAlert) -> bool:
    return alert.dataset == fault.table and fault.day <= alert.day < fault.day + fault.days + _FOUND_WITHIN
