"""Which snapshots are due: minute by minute, those that were missed, or hours in seconds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Clock:
    """Says which snapshots come next, oldest first.

    Attributes:
        now: the time, UTC.
        every: time between two snapshots.
        most: at most so many at once; the rest follows at the next look.
        start: time of the first snapshot of all; the present minute when left out.
        accelerated: simulated time: each look moves on by ``most`` snapshots, whatever the time is.
        not_after: an accelerated clock stops here.
    """

    now: datetime
    every: timedelta = timedelta(minutes=1)
    most: int = 60
    start: datetime | None = None
    accelerated: bool = False
    not_after: datetime | None = None

    def due(self, last: datetime | None) -> tuple[datetime, ...]:
        """Times of the snapshots that are due after the last one that was collected."""
        first = last + self.every if last is not None else (self.start or whole_minute(self.now))
        end = self.not_after if self.accelerated else self.now
        times = (first + place * self.every for place in range(self.most))
        return tuple(time for time in times if end is None or time <= end)


def whole_minute(moment: datetime) -> datetime:
    """The minute in which a time is, in UTC."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
