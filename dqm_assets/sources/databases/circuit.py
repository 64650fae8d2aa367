"""The circuit of a source: whether it is asked, left alone after failures, or tried once."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Circuit:
    """State of a circuit breaker.

    Attributes:
        state: ``closed``: the source is asked; ``open``: it is left alone; ``half-open``: it is tried once.
        failures: failures in a row.
        again_at: until when an open circuit stays open.
    """

    state: str = "closed"
    failures: int = 0
    again_at: datetime | None = None

    def at(self, now: datetime) -> "Circuit":
        """The circuit at a later time: one that was open long enough lets the next question through."""
        if self.state == "open" and self.again_at is not None and now >= self.again_at:
            return Circuit("half-open", self.failures)
        return self
