"""Judging the windows of all sources: points of series, verdicts and alerts, as for any other source."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from dqm_assets.errors import StoreError
from dqm_assets.pipeline.observe import ObserveSummary, Point, Watch, observe
from dqm_assets.pipeline.series_memory import SeriesMemory
from dqm_assets.quality.profile import ColumnProfile
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.sources.streams.counted_windows import CountedWindows
from dqm_assets.store import Store

#: The dataset of all events, whatever topic they come through.
DATASET, TABLE = "stream_events", "raw.stream_events"
DESCRIPTION = "Events of sensors as they come through Kafka, by source."
#: A source that was heard of within this time and is silent has a rate of 0.
SILENT_AFTER = timedelta(hours=1)
#: A consumer that has not counted for so long is dead: the others' windows do not wait for it.
_DEAD_AFTER = timedelta(seconds=60)
#: Rows of windows carry the time of their commit's begin, and are seen at its end.
_COMMIT_TAKES = timedelta(seconds=30)
#: What is looked at again after a start: windows that were counted and perhaps not judged.
_LOOK_BACK = timedelta(minutes=10)
#: Windows are kept as they were counted for so long; older ones are rolled up to hours, and judged no more.
KEPT_FINE = timedelta(days=2)
#: Length of a window that was rolled up.
ROLLED_UP = timedelta(hours=1)
#: Windows that are judged together.
_AT_ONCE = 200
#: Windows that are known to be judged; the last ones.
_REMEMBERED = 20_000

_SENSITIVITY = Sensitivity.per_weeks(4)
#: What a source did for so long is the new normal.
_ADAPTS_AFTER = timedelta(hours=1)
#: What is usual is what was usual for so long: windows follow each other closely, and a day has its tides.
_LOOKS_BACK = timedelta(minutes=30)
#: An incident ends when all was normal for so long.
_RESTS_FOR = timedelta(seconds=15)
#: Windows a detector needs before it judges, looks back on at most, and finds anomalous in a row at most.
_NEEDED, _MOST_WINDOWS, _MOST_ANOMALOUS = 30, 1_000, 4_000


def watches_of(width: timedelta) -> tuple[Watch, ...]:
    """How the series of sources are judged.

    By the robust method, which leaves out what it finds: the moving medians of the default forget a fault
    that lasts for some seven windows, and its scales are for series of days and weeks.

    Args:
        width: Length of a window.
    """
    usual = partial(
        Watch,
        method="robust",
        sensitivity=_SENSITIVITY,
        parameters={"needed": _NEEDED, "window": max(100, min(_MOST_WINDOWS, _LOOKS_BACK // width))},
        adapt_after=max(60, min(_MOST_ANOMALOUS, _ADAPTS_AFTER // width)),
        resolve_after=max(3, _RESTS_FOR // width),
    )
    share = partial(usual, kind="share", bad_when="high")
    return (
        usual("event_rate", "event_rate", kind="positive", least_relative=0.25),
        share("error_rate", "error_rate", least_change=0.03, severity="error"),
        usual("mean", "mean", least_relative=0.05),
        usual("stddev", "stddev", kind="positive", least_relative=0.25),
        share("late_fraction", "late_fraction", least_change=0.05),
        share("duplicate_fraction", "duplicate_fraction", least_change=0.05),
    )


_HORIZON = """
    SELECT min(windowed_until) AS at FROM monitoring.offsets
    WHERE windowed_until IS NOT NULL AND windowed_at >= $alive
"""
#: Which windows got rows since the last look, with how many rows they have by now.
_TOUCHED = """
    WITH touched AS (
        SELECT DISTINCT window_start FROM metrics.stream_windows
        WHERE stored_at >= $since AND window_seconds = $width
    )
    SELECT window_start, count(*) AS parts FROM metrics.stream_windows JOIN touched USING (window_start)
    WHERE window_seconds = $width GROUP BY window_start
"""
_PARTS = """
    SELECT source, window_start, window_seconds, events, dead_letters, error_events, late, duplicates, state,
        simulated
    FROM metrics.stream_windows
    WHERE (
            (window_seconds = $width AND list_contains($starts, window_start))
            OR (window_seconds = $rolled_up AND $width < $rolled_up AND list_contains($hours, window_start))
        )
        AND window_start BETWEEN $first AND $last
    ORDER BY window_start, source, topic, stored_at
"""
_HEARD = """
    SELECT source, max(window_start) AS at FROM metrics.stream_windows
    WHERE window_start >= $since AND events > 0 GROUP BY source
"""
_JUDGED = """
    SELECT max(ts) AS at FROM metrics.metrics WHERE dataset = $dataset AND metric = 'event_rate'
"""


@dataclass(frozen=True)
class WindowSum:
    """What the records of a source were in a window; ``values`` is the kernel's state of their values."""

    events: int = 0
    dead_letters: int = 0
    error_events: int = 0
    late: int = 0
    duplicates: int = 0
    values: ColumnProfile | None = None

    def plus(self, other: "WindowSum") -> "WindowSum":
        """Both together."""
        values = self.values
        if other.values is not None:
            values = values.merge(other.values) if values is not None else other.values
        return WindowSum(
            self.events + other.events,
            self.dead_letters + other.dead_letters,
            self.error_events + other.error_events,
            self.late + other.late,
            self.duplicates + other.duplicates,
            values,
        )

    def points(self, source: str, start: datetime, width: timedelta) -> Iterator[Point]:
        """Points of the source's series; a share of nothing is no point."""
        batch = f"{start.isoformat()}+{width.total_seconds():g}s"

        def point(metric: str, value: float, column: str = "") -> Point:
            return Point(column, source, metric, batch, start, value)

        records = self.events + self.dead_letters
        yield point("event_rate", self.events / width.total_seconds())
        if records:
            yield point("error_rate", (self.dead_letters + self.error_events) / records)
        if self.events:
            yield point("late_fraction", self.late / self.events)
            yield point("duplicate_fraction", self.duplicates / self.events)
        if self.events and self.values is not None:
            for metric, value in self.values.metrics().items():
                if metric in {"mean", "stddev"} and value is not None:
                    yield point(metric, float(value), "value")


@dataclass(frozen=True)
class JudgeSummary:
    """What a judgement did; ``waits`` are the seconds from each window's begin to its stored verdicts."""

    windows: int = 0
    opened: int = 0
    resolved: int = 0
    waits: tuple[float, ...] = ()


class WindowJudge:
    """Judges the windows that are complete, in the order of time; the same window again changes nothing.

    Several processes may judge at once. A window that got more records after it was judged (a consumer came
    back, a dead letter became an event) is judged again as a correction, unless its hour was rolled up: what
    it was then is known no more, and its points stay as they are.

    Args:
        store: The open store.
        width: Length of a window.
        owner: Who is told.
        counted: What this process counts itself.
    """

    def __init__(
        self, store: Store, width: timedelta, owner: str = "", counted: CountedWindows | None = None
    ) -> None:
        self._store, self._width, self._owner = store, width, owner
        self._watches = watches_of(width)
        self._memory = SeriesMemory(store, DATASET)
        self._counted = counted or CountedWindows(store)
        judged = store.rows(_JUDGED, {"dataset": DATASET})[0]["at"]
        #: Beginning of the last window that was judged.
        self.judged: datetime | None = judged
        self._since = judged - _LOOK_BACK if judged else datetime(2000, 1, 1, tzinfo=UTC)
        self._waiting: dict[datetime, int] = {}
        self._done: dict[datetime, int] = {}
        self._heard: dict[str, datetime] = {
            row["source"]: row["at"] for row in store.rows(_HEARD, {"since": self._since - SILENT_AFTER})
        }

    def judge(self) -> JudgeSummary:
        """Judge what is complete by now.

        Raises:
            StoreError: the store cannot be read or written; the next call tries the same again.
        """
        now = datetime.now(UTC)
        horizon = self._store.rows(_HORIZON, {"alive": now - _DEAD_AFTER})[0]["at"]
        if horizon is None:
            return JudgeSummary()
        for start, parts in self._touched().items():
            if self._done.get(start) != parts:
                self._waiting[start] = parts
        self._since = max(self._since, now - _COMMIT_TAKES)
        complete = sorted({*self._silent(horizon), *self._waiting})
        complete = [start for start in complete if start + self._width <= horizon]
        opened = resolved = 0
        judged: list[datetime] = []
        for first in range(0, len(complete), _AT_ONCE):
            starts, observed = self._judge(complete[first : first + _AT_ONCE])
            judged += starts
            opened, resolved = opened + observed.opened, resolved + observed.resolved
        self._forget(horizon)
        told = datetime.now(UTC)
        return JudgeSummary(
            len(judged), opened, resolved, tuple((told - start).total_seconds() for start in judged)
        )

    def _touched(self) -> dict[datetime, int]:
        """Which windows got rows since the last look, and how many they have by now."""
        self._counted.refresh()
        known = self._counted.touched()
        if known is not None:
            return known
        asked = {"since": self._since, "width": self._width.total_seconds()}
        try:
            return {row["window_start"]: row["parts"] for row in self._store.rows(_TOUCHED, asked)}
        except StoreError:
            self._counted.doubt()
            raise

    def _judge(self, starts: Sequence[datetime]) -> tuple[list[datetime], ObserveSummary]:
        """Judge those of them that are not rolled up; which they were."""
        parts, rolled_up = self._parts(starts)
        judged = [start for start in starts if _bucket(start, ROLLED_UP) not in rolled_up]
        done = self._observe(judged, parts) if judged else ObserveSummary()
        for start in starts:
            self._done[start] = self._waiting.pop(start, 0)
        self.judged = max(starts[-1], self.judged or starts[-1])
        return judged, done

    def _parts(self, starts: Sequence[datetime]) -> tuple[list[dict], set[datetime]]:
        """Rows of the windows, and which of their hours are rolled up, as of one moment."""
        known = self._counted.of(starts)
        if known is not None:
            return known, set()
        # Only old windows can be: the hours of others need not be read.
        old = starts[0] < datetime.now(UTC) - KEPT_FINE
        width = self._width.total_seconds()
        rows = self._store.rows(
            _PARTS,
            {
                "width": width,
                "starts": list(starts),
                "rolled_up": ROLLED_UP.total_seconds(),
                "hours": sorted({_bucket(start, ROLLED_UP) for start in starts}),
                "first": _bucket(starts[0], ROLLED_UP) if old else starts[0],
                "last": starts[-1],
            },
        )
        parts = [row for row in rows if row["window_seconds"] == width]
        return parts, {row["window_start"] for row in rows if row["window_seconds"] != width}

    def _observe(self, starts: Sequence[datetime], parts: Sequence[dict]) -> ObserveSummary:
        sums = _summed(parts)
        points: list[Point] = []
        for start in starts:
            of_window = sums.get(start, {})
            whole = WindowSum()
            for source, records in sorted(of_window.items()):
                whole = whole.plus(records)
                if records.events:
                    self._heard[source] = max(start, self._heard.get(source, start))
                # A source that never sent an event is a name in some broken record.
                if source in self._heard:
                    points += records.points(source, start, self._width)
            points += whole.points("", start, self._width)
            for source in self._silent_sources(start, of_window):
                points += WindowSum().points(source, start, self._width)
        simulated = any(part["simulated"] for part in parts)
        return observe(
            self._store,
            DATASET,
            points,
            self._watches,
            owner=self._owner,
            simulated=simulated,
            memory=self._memory,
        )

    def _silent(self, horizon: datetime) -> Iterable[datetime]:
        """Windows since the last one that was judged, whether or not there was a record in them."""
        if self.judged is None:
            return
        # After a long stop the first hour of silence says all.
        start = max(self.judged, horizon - SILENT_AFTER) if self._heard else horizon
        start = _bucket(start, self._width) + self._width
        while start + self._width <= horizon:
            yield start
            start += self._width

    def _silent_sources(self, start: datetime, of_window: Iterable[str]) -> list[str]:
        present = set(of_window)
        return sorted(
            source
            for source, at in self._heard.items()
            if source not in present and at < start and start - at <= SILENT_AFTER
        )

    def _forget(self, horizon: datetime) -> None:
        while len(self._done) > _REMEMBERED:
            del self._done[next(iter(self._done))]
        old = horizon - 2 * SILENT_AFTER
        self._heard = {source: at for source, at in self._heard.items() if at >= old}


def window_sum(part: Mapping[str, Any]) -> WindowSum:
    """What a row of ``metrics.stream_windows`` counts."""
    values = ColumnProfile.from_bytes(part["state"], "value") if part["state"] else None
    return WindowSum(
        part["events"],
        part["dead_letters"],
        part["error_events"],
        part["late"],
        part["duplicates"],
        values,
    )


def _summed(parts: Iterable[dict]) -> dict[datetime, dict[str, WindowSum]]:
    sums: dict[datetime, dict[str, WindowSum]] = {}
    for part in parts:
        one = window_sum(part)
        of_window = sums.setdefault(part["window_start"], {})
        known = of_window.get(part["source"])
        of_window[part["source"]] = known.plus(one) if known is not None else one
    return sums


def _bucket(at: datetime, width: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (at - epoch) // width * width
