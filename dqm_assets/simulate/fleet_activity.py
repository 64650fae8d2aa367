"""Which devices of a fleet connect: day and night, weekends, failures of single devices, outages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from dqm_assets.simulate.fleet import Fleet, scrambled
from dqm_assets.simulate.fleet_catalogue import STATES, TYPES
from dqm_assets.simulate.fleet_outages import Outage

#: A device that fails does so for one stretch of this length, which begins at a time of its own.
_STRETCH_MINUTES = 240
#: Share of stretches in which a device fails; one that reports an error fails more often.
_FAILING, _FAILING_WITH_ERROR = 0.01, 0.4
#: Opening and closing hours, and how many hours it takes until all have followed.
_OPENS, _CLOSES, _OPENING, _CLOSING = 8.0, 18.5, 0.9, 1.1
_SATURDAY = 5
_WEEKEND = 0.15
#: Below this chance of being missed, nobody is.
_NEVER = 1e-9


@dataclass(frozen=True)
class Window:
    """When devices are looked at: each tries every ``frequency`` minutes, and succeeds with ``probability``.

    Attributes:
        end: the time of the snapshot, UTC.
        minutes: length of the window that ends there.
        frequency: minutes between two attempts of a device.
        probability: chance of each attempt.
    """

    end: datetime
    minutes: int = 5
    frequency: int = 1
    probability: float = 0.95

    @property
    def missed(self) -> float:
        """Chance that a device which is on and well is not seen in the window at all."""
        return (1.0 - self.probability) ** max(1, self.minutes // self.frequency)


def connected(fleet: Fleet, window: Window, outages: Sequence[Outage] = ()) -> np.ndarray:
    """Devices that were seen within a window: bool, shape (devices,).

    The same fleet, window and outages always give the same devices. A device has habits: it is switched
    on at about the same local time each day, so that counts move smoothly and not by chance.
    """
    seen = fleet.diligence < _switched_on(window.end)[fleet.machine_type, fleet.state]
    seen &= ~_failing(fleet, window.end)
    for outage in outages:
        seen &= ~outage.hits(fleet)
    if window.missed > _NEVER:
        minute = int(window.end.timestamp()) // 60
        seen &= scrambled(fleet.salt, -minute) >= np.uint32(window.missed * (2**32 - 1))
    return seen


def last_connections(fleet: Fleet, moment: datetime) -> np.ndarray:
    """When each device was last seen, as of a time: datetime64[s] in UTC, shape (devices,).

    Those that are connected were seen within the last minute, the others hours ago; never before they were
    bought.
    """
    online = connected(fleet, Window(moment))
    drawn = scrambled(fleet.salt, 1) / 2.0**32
    seconds = np.where(online, drawn * 60.0, 60.0 + 43_200.0 * drawn**2)
    seen = np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "s") - seconds.astype("timedelta64[s]")
    return np.maximum(seen, fleet.acquired.astype("datetime64[s]"))


def _switched_on(moment: datetime) -> np.ndarray:
    """Share of the devices that is switched on, by type and state: shape (types, states)."""
    shares = np.empty((len(TYPES), len(STATES)), dtype=np.float32)
    by_offset = {
        offset: _working(moment + timedelta(hours=offset)) for offset in {s.utc_offset for s in STATES}
    }
    working = np.array([by_offset[state.utc_offset] for state in STATES])
    for row, kind in enumerate(TYPES):
        shares[row] = kind.night + (kind.day - kind.night) * working
    return shares


def _working(local: datetime) -> float:
    """How much of working life goes on at a local time: 0 at night, 1 on a working day at noon."""
    hour = local.hour + local.minute / 60 + local.second / 3600
    day = 1 / (1 + np.exp((_OPENS - hour) / _OPENING)) / (1 + np.exp((hour - _CLOSES) / _CLOSING))
    return float(day) * (_WEEKEND if local.weekday() >= _SATURDAY else 1.0)


def _failing(fleet: Fleet, moment: datetime) -> np.ndarray:
    """Devices that are out of order by themselves."""
    stretch, minute = divmod(int(moment.timestamp()) // 60, _STRETCH_MINUTES)
    begun = (fleet.salt % np.uint32(_STRETCH_MINUTES)) < minute
    limit = np.where(fleet.has_error, _FAILING_WITH_ERROR, _FAILING) * 2.0**32
    now, before = scrambled(fleet.salt, 2 * stretch), scrambled(fleet.salt, 2 * stretch - 2)
    return np.where(begun, now, before) < limit
