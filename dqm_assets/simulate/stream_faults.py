"""When a simulated source is faulty: now and then one reports errors, measures too much, or falls silent."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

SOURCES = ("plant-a", "plant-b", "plant-c", "field")
KINDS = ("errors", "shift", "silence")


@dataclass(frozen=True)
class StreamFaults:
    """One fault in each span of time; the same seed gives the same faults at the same times.

    Attributes:
        every: length of a span; zero for no faults.
        lasting: how long a fault lasts, at the end of its span.
        seed: chooses the source and the kind.
    """

    every: timedelta = timedelta(0)
    lasting: timedelta = timedelta(seconds=40)
    seed: int = 7

    def of(self, source: str, moment: datetime) -> str:
        """One of `KINDS`, or empty when the source is well."""
        if not self.every:
            return ""
        span, within = divmod(moment.timestamp(), self.every.total_seconds())
        if within < (self.every - self.lasting).total_seconds():
            return ""
        chosen = random.Random(f"{self.seed}-{int(span)}")
        return chosen.choice(KINDS) if chosen.choice(SOURCES) == source else ""


NO_FAULTS = StreamFaults()
