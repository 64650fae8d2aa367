"""What is observed of a table of a database: whole periods as points, and how each metric is judged."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median

from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.pipeline.measure import ProfileRow
from dqm_assets.pipeline.watch import Point, Watch
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.sources.databases.moment import floor
from dqm_assets.sources.databases.scan import Period, Scan
from dqm_assets.sources.databases.source import WatchedTable

ROW_COUNT, FRESHNESS = "row_count", "freshness_seconds"
VOLUME_DETECTOR, METRIC_DETECTOR = "volume", "column_metric"
RATES = ("inserts", "updates", "deletes")

#: A table has one volume and many columns: each column alarms rarer, so that the table as a whole does not.
_VOLUME, _COLUMN = Sensitivity.per_weeks(52.0), Sensitivity.per_weeks(520.0)
#: Of hours there are so many that a rarer alarm would let a log that stops for a night pass; a simulated log
#: gave none in eleven weeks.
_HOURLY, _RATE = Sensitivity.per_weeks(2.0), Sensitivity.per_weeks(4.0)
#: Smallest relative changes that matter to people: rows of a day, rows of an hour, a column's mean.
_LEAST_ROWS, _LEAST_RATE, _LEAST_MEAN = 0.1, 0.25, 0.02
#: The share of different values is kept, not judged: it follows the number of rows.
_COLUMN_METRICS = ("mean", "null_fraction")
#: A table that has rows on fewer of its days has no daily rhythm: days without rows are then no news.
_LEAST_BUSY = 0.5
#: Of fewer rows, and of fewer than this share of the usual, nothing is said of columns: what is odd then is
#: how few rows there are, which the volume tells once.
_ENOUGH_ROWS, _ENOUGH_OF_USUAL = 20, 0.5


def watches(watched: WatchedTable, calendar: HolidayCalendar | None = None) -> list[Watch]:
    """How the metrics of a table are judged."""
    hourly = watched.kind == "cdc"
    least = _LEAST_RATE if hourly else _LEAST_ROWS
    rows = Watch(
        ROW_COUNT,
        VOLUME_DETECTOR,
        sensitivity=_HOURLY if hourly else _VOLUME,
        kind="count",
        least_relative=least,
        calendar=calendar,
        severity="error",
    )
    rates = [
        Watch(rate, VOLUME_DETECTOR, sensitivity=_RATE, kind="count", least_relative=least, calendar=calendar)
        for rate in (RATES if hourly else ())
    ]
    return [rows, *rates, *(_column_watch(metric, calendar) for metric in _COLUMN_METRICS)]


def _column_watch(metric: str, calendar: HolidayCalendar | None) -> Watch:
    known = JUDGED_METRICS[metric]
    return Watch(
        metric,
        METRIC_DETECTOR,
        sensitivity=_COLUMN,
        kind=known.kind,
        bad_when=known.bad_when,
        least_change=known.least_change,
        least_relative=max(known.least_relative, _LEAST_MEAN) if metric == "mean" else known.least_relative,
        calendar=calendar,
    )


def whole_periods(
    scan: Scan, watched: WatchedTable, now: datetime, watermark: datetime | None
) -> list[Period]:
    """Periods that are over, those without rows between them included; the last days without are left out.

    That the newest days of a batch table have no rows says that it is late, which freshness tells; an hour
    without changes is told at once.

    Args:
        scan: a look at the table.
        watched: how it is watched.
        now: the present.
        watermark: end of what was counted before; ``None`` at the first look.
    """
    if watched.freshness is None:
        return list(scan.periods)
    period = watched.period
    end = floor(now - watched.settle, period)
    found = {one.start: one for one in scan.periods if one.start < end}
    started = scan.first if watermark is not None else min(found, default=end)
    stop = end if watched.kind == "cdc" else max(found, default=started) + period
    moments = [started + number * period for number in range(max(round((stop - started) / period), 0))]
    if watched.kind == "batch" and len(found) < _LEAST_BUSY * len(moments):
        return [found[start] for start in sorted(found)]
    return [found.get(start) or Period(start, 0) for start in moments if start < end]


def points_of(periods: Sequence[Period], watched: WatchedTable) -> list[Point]:
    """The points of some periods."""
    usual = median([period.rows for period in periods if period.rows] or [0])
    enough = max(_ENOUGH_ROWS, _ENOUGH_OF_USUAL * usual)
    return [point for period in periods for point in _points(period, watched, enough)]


def age_points(newest: datetime | None, now: datetime) -> list[Point]:
    """The age of the newest row at a look; nothing when no row tells its time."""
    if newest is None:
        return []
    return [Point("", "", FRESHNESS, now.isoformat(), now, max((now - newest).total_seconds(), 0.0))]


def batch_of(period: Period, watched: WatchedTable) -> str:
    """Name of a period: its day, its hour, or when a snapshot was taken."""
    if watched.freshness is None:
        return period.start.isoformat(timespec="seconds")
    return period.start.date().isoformat() if watched.kind == "batch" else f"{period.start:%Y-%m-%dT%H}"


def profile_rows(dataset: str, periods: Sequence[Period], watched: WatchedTable) -> Iterator[ProfileRow]:
    """The kernel's states of the periods whose rows were looked at."""
    for period in periods:
        for name, column in period.profile.columns.items() if period.profile else ():
            yield ProfileRow(
                dataset,
                name,
                "",
                batch_of(period, watched),
                period.start,
                period.profile.rows if period.profile else 0,
                column.kind,
                column.to_bytes(),
            )


def _points(period: Period, watched: WatchedTable, enough: float) -> Iterator[Point]:
    batch, start = batch_of(period, watched), period.start
    yield Point("", "", ROW_COUNT, batch, start, float(period.rows))
    # Of an hour without any change the row count says all there is to say, once.
    if period.rows:
        for rate, count in period.operations.items():
            yield Point("", "", rate, batch, start, float(count))
    for column, numbers in period.columns.items() if period.rows >= enough else ():
        for metric, value in numbers.items():
            yield Point(column, "", metric, batch, start, value)
