"""Cadence: how long the pauses between arrivals usually are, without days on which nothing ever comes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import numpy as np

from dqm_assets.quality.holiday_calendar import HolidayCalendar

#: Arrivals that must be known before a cadence is believed.
NEEDED_ARRIVALS = 8
#: A learned cadence is missed when nothing came for this many usual pauses (their 95th percentile).
PAUSES_ALLOWED = 3.0
#: Files of one drop arrive together and count as one arrival.
_TOGETHER = timedelta(minutes=1)
#: Weeks that must be seen before a day of the week without an arrival is a day off, and most days off.
_WEEKS_SEEN, _MOST_DAYS_OFF = 3, 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Cadence:
    """What is usual of the arrivals of a dataset.

    Attributes:
        arrivals: distinct arrivals that it was learned from.
        limit: longest pause that is still usual, in time of working days; ``None`` while it is learned.
        days_off: days of the week (0 is Monday, UTC) on which nothing ever came.
        calendar: holidays, which count as days off.
    """

    arrivals: int
    limit: timedelta | None
    days_off: frozenset[int] = frozenset()
    calendar: HolidayCalendar | None = field(default=None)

    def age(self, since: datetime, now: datetime) -> timedelta:
        """Time from ``since`` to ``now`` without days off and holidays; days are UTC's."""
        if now <= since or not (self.days_off or self.calendar):
            return now - since
        start, end = since.astimezone(UTC), now.astimezone(UTC)
        off = timedelta()
        day = datetime.combine(start.date(), time(), UTC)
        while day < end:
            if self._is_off(day):
                off += min(day + _DAY, end) - max(day, start)
            day += _DAY
        return now - since - off

    @property
    def explanation(self) -> str:
        """How far learning is, in words; empty when it is done."""
        return "" if self.limit else f"learning, {self.arrivals} of {NEEDED_ARRIVALS} arrivals"

    def _is_off(self, day: datetime) -> bool:
        return day.weekday() in self.days_off or (
            self.calendar is not None and self.calendar.is_special(day.timestamp())
        )


def learn_cadence(arrivals: Sequence[datetime], calendar: HolidayCalendar | None = None) -> Cadence:
    """Learn the usual pause: three times the 95th percentile of the pauses so far, in working time.

    Args:
        arrivals: times at which batches arrived, ascending.
        calendar: holidays of the dataset.
    """
    distinct: list[datetime] = []
    for arrival in arrivals:
        if not distinct or arrival - distinct[-1] > _TOGETHER:
            distinct.append(arrival)
    if len(distinct) < NEEDED_ARRIVALS:
        return Cadence(len(distinct), None, calendar=calendar)
    working = Cadence(len(distinct), None, _days_off(distinct), calendar)
    pauses = [working.age(earlier, later).total_seconds() for earlier, later in pairwise(distinct)]
    limit = timedelta(seconds=PAUSES_ALLOWED * float(np.percentile(pauses, 95)))
    return Cadence(len(distinct), limit, working.days_off, calendar)


def _days_off(arrivals: Sequence[datetime]) -> frozenset[int]:
    """Days of the week on which nothing came in several weeks of arrivals on most of the others."""
    if arrivals[-1] - arrivals[0] < _WEEKS_SEEN * timedelta(weeks=1):
        return frozenset()
    days = {arrival.astimezone(UTC).date() for arrival in arrivals}
    weeks = max((arrivals[-1] - arrivals[0]) / timedelta(weeks=1), 1.0)
    counts = [sum(day.weekday() == weekday for day in days) for weekday in range(7)]
    busy = [weekday for weekday in range(7) if counts[weekday] >= weeks / 2]
    never = frozenset(weekday for weekday in range(7) if counts[weekday] == 0)
    # Once a week or a month is a pause, not six days off.
    return never if len(busy) + len(never) == 7 and len(never) <= _MOST_DAYS_OFF else frozenset()  # noqa: PLR2004
