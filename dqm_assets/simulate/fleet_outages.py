"""Outages: who is cut off, from when to when; injected by hand, or drawn for every simulated day."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np

from dqm_assets.errors import SettingsError
from dqm_assets.simulate.fleet import FIRST_BRANCH, Fleet, scrambled
from dqm_assets.simulate.fleet_catalogue import STATES, SUPPLIERS, state_weights
from dqm_assets.sources.devices.segments import DIMENSIONS

#: A branch is no segment, but a whole one may lose its line.
BRANCH = "Branch"
_FOREVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
_TEXT = re.compile(r"^(?P<where>[^@*]+?)(\*(?P<share>[0-9.]+))?(@(?P<start>[^/]+)/(?P<minutes>[0-9]+)m)?$")


@dataclass(frozen=True)
class Outage:
    """Devices that cannot connect for a while.

    Attributes:
        where: (dimension, value) pairs that all hold, such as ``(("Supplier", "Boreal"),)``.
        start, end: UTC; the end does not belong to it.
        share: part of these devices that is cut off.
    """

    where: tuple[tuple[str, str], ...]
    start: datetime = _FOREVER[0]
    end: datetime = _FOREVER[1]
    share: float = 1.0

    def hits(self, fleet: Fleet) -> np.ndarray:
        """Devices that it cuts off, bool, shape (devices,).

        Raises:
            SettingsError: the fleet has no such dimension or value.
        """
        hit = _own_draw(fleet, self) < self.share
        for dimension, value in self.where:
            hit &= _having(fleet, dimension, value)
        return hit

    def lasts(self, moment: datetime) -> bool:
        """Whether it goes on at a time."""
        return self.start <= moment < self.end


def parse_outage(text: str) -> Outage:
    """Read ``Supplier=Boreal,State=SP*0.9@2026-01-02T10:00/90m``; share and time may be left out.

    Raises:
        SettingsError: the text is no outage.
    """
    found = _TEXT.match(text.strip())
    pairs = [tuple(part.strip().split("=", 1)) for part in found["where"].split(",")] if found else []
    if found is None or any(len(pair) != 2 for pair in pairs):
        raise SettingsError(
            f"{text!r} is no outage. Write Supplier=Boreal, or State=SP*0.9@2026-01-02T10:00/90m "
            "(nine tenths of the devices in SP, for 90 minutes from then on, UTC)."
        )
    for dimension, _ in pairs:
        _check_dimension(dimension)
    share = float(found["share"]) if found["share"] else 1.0
    if not 0 < share <= 1:
        raise SettingsError(f"The share of an outage is above 0 and at most 1, not {share:g}.")
    where = tuple((dimension, value) for dimension, value in pairs)
    if found["start"] is None:
        return Outage(where, share=share)
    try:
        start = datetime.fromisoformat(found["start"])
    except ValueError:
        raise SettingsError(f"{found['start']!r} is no time. Write it as 2026-01-02T10:00.") from None
    start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
    return Outage(where, start, start + timedelta(minutes=int(found["minutes"])), share)


@dataclass(frozen=True)
class OutagePlan:
    """Outages of a fleet: the given ones, and ``per_day`` drawn ones (of a supplier, a state or a branch).

    What is drawn for a day follows from the seed and the day alone.
    """

    given: tuple[Outage, ...] = ()
    per_day: float = 0.0
    seed: int = 7

    def at(self, fleet: Fleet, moment: datetime) -> tuple[Outage, ...]:
        """Outages that last at a time."""
        day = moment.date().toordinal()
        drawn = [outage for each in (day - 1, day) for outage in _drawn(self, fleet.devices, each)]
        return tuple(outage for outage in (*self.given, *drawn) if outage.lasts(moment))


@lru_cache(maxsize=64)
def _drawn(plan: OutagePlan, devices: int, day: int) -> tuple[Outage, ...]:
    rng = np.random.default_rng([plan.seed, 2, day])
    midnight = datetime.fromordinal(day).replace(tzinfo=UTC)
    return tuple(_draw(rng, midnight, devices) for _ in range(rng.poisson(plan.per_day)))


def _draw(rng: np.random.Generator, midnight: datetime, devices: int) -> Outage:
    kind = rng.choice(("Supplier", "State", BRANCH), p=(0.4, 0.4, 0.2))
    if kind == "Supplier":
        value = str(rng.choice(SUPPLIERS))
    elif kind == "State":
        value = STATES[int(rng.choice(len(STATES), p=state_weights()))].code
    else:
        value = f"{FIRST_BRANCH + int(rng.integers(0, max(1, devices // 20))):05d}"
    start = midnight + timedelta(minutes=int(rng.integers(0, 1440)))
    length = timedelta(minutes=int(rng.integers(45, 180)))
    return Outage(((str(kind), value),), start, start + length, float(rng.uniform(0.55, 0.95)))


def _having(fleet: Fleet, dimension: str, value: str) -> np.ndarray:
    _check_dimension(dimension)
    if dimension == BRANCH:
        return (
            fleet.branch == int(value) - FIRST_BRANCH if value.isdecimal() else np.zeros(fleet.devices, bool)
        )
    column = DIMENSIONS[dimension]
    known = fleet.values[column]
    if value not in known:
        raise SettingsError(f"There is no {dimension} {value!r}; there are {', '.join(known)}.")
    return fleet.codes[column] == known.index(value)


def _check_dimension(dimension: str) -> None:
    if dimension != BRANCH and dimension not in DIMENSIONS:
        raise SettingsError(
            f"There is no dimension {dimension!r}; there are {', '.join(DIMENSIONS)}, {BRANCH}."
        )


def _own_draw(fleet: Fleet, outage: Outage) -> np.ndarray:
    """A number in [0, 1) per device that stays the same while the outage lasts."""
    return scrambled(fleet.salt, int(outage.start.timestamp())) / 2.0**32
