"""Faults of the device API: what goes wrong with an answer, chosen by header or at random."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dqm_assets.errors import SettingsError


class Fault(StrEnum):
    """What can go wrong with an answer."""

    NONE = "none"
    #: Status 500.
    ERROR = "error"
    #: No answer for longer than any client waits.
    TIMEOUT = "timeout"
    #: The right answer, later.
    SLOW = "slow"
    #: JSON that ends in the middle.
    TRUNCATED = "truncated"
    #: JSON that is no snapshot.
    WRONG_JSON = "wrong_json"
    #: Each row of the snapshot twice.
    DUPLICATE = "duplicate"
    #: The snapshot of an earlier minute, under its own time.
    LATE = "late"


#: All that is not the right answer at once.
FAULTS: tuple[Fault, ...] = tuple(fault for fault in Fault if fault is not Fault.NONE)


def parse_fault(text: str) -> Fault:
    """Read the name of a fault.

    Raises:
        SettingsError: there is no such fault.
    """
    try:
        return Fault(text.strip().lower())
    except ValueError:
        raise SettingsError(f"There is no fault {text!r}; there are {', '.join(Fault)}.") from None


@dataclass(frozen=True)
class FaultPlan:
    """How often answers go wrong, and how.

    Attributes:
        rate: share of requests with a fault.
        faults: what it may be, each as likely as the others.
        hang_seconds: how long a ``timeout`` waits before it answers after all.
        slow_seconds: how long a ``slow`` answer takes.
        late_minutes: how old the snapshot of a ``late`` answer is.
    """

    rate: float = 0.0
    faults: Sequence[Fault] = FAULTS
    hang_seconds: float = 60.0
    slow_seconds: float = 2.0
    late_minutes: int = 10
    seed: int = 7


class FaultDice:
    """Draws a fault for each request; may be used by several threads."""

    def __init__(self, plan: FaultPlan) -> None:
        self.plan = plan
        self._rng = np.random.default_rng([plan.seed, 4])
        self._lock = threading.Lock()

    def next(self) -> Fault:
        """The fault of the next request."""
        with self._lock:
            if self._rng.random() >= self.plan.rate:
                return Fault.NONE
            return self.plan.faults[int(self._rng.integers(len(self.plan.faults)))]
