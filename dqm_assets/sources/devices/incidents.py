"""Who is cut off: the part of the fleet that is itself broken, told apart from those that only contain it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from dqm_assets.sources.devices.fleet_history import WHOLE, FleetHistory, Part

#: What has been cut off for so long is the new normal.
LONGEST = timedelta(hours=24)
#: Parts that explain a drop about as well (within 5 %) are told apart by which is the more usual cause.
_ABOUT_AS_WELL = 0.95
_MOST_AT_ONCE = 12


@dataclass(frozen=True)
class Rule:
    """When a part of the fleet has dropped.

    Attributes:
        history: snapshots before the latest whose mean is the baseline.
        drop: share of the baseline that may be missing; from here on it is a drop.
        least_devices: smaller parts are shown, but not judged: a few devices switched off would alarm.
        least_lost: devices that must be missing.
    """

    history: int = 4
    drop: float = 0.15
    least_devices: int = 20
    least_lost: int = 3


@dataclass(frozen=True)
class Incident:
    """A part of the fleet that was cut off.

    Attributes:
        started: first snapshot with the drop.
        level: online share before it.
        lost: devices missing at its start.
        inventory: devices of the part.
        ended: first snapshot without the drop; ``None`` while it lasts.
    """

    part: Part
    started: datetime
    level: float
    lost: int
    inventory: int
    ended: datetime | None = None


@dataclass(frozen=True)
class Moment:
    """What is to be judged at one snapshot.

    Attributes:
        shares: online share by part; the parts of incidents and the whole fleet as they are, all others
            without the devices of incidents. Parts of which too little is left are missing.
        broken: parts of the incidents that last.
        begun: those that begin here.
    """

    ts: datetime
    shares: dict[Part, float]
    broken: tuple[Part, ...]
    begun: tuple[Part, ...]


class IncidentFinder:
    """Goes through a history snapshot by snapshot and keeps the incidents up to date.

    A drop of one supplier is seen in its models, its machine types and its states as well. The part that
    lost most of itself and most of all is the one that broke; its devices are taken out of all other parts,
    and what still drops then is looked at again. So one cause makes one alert, and a second cause beside
    it is seen.

    Args:
        history: counts over time.
        rule: what is a drop.
        incidents: those that last when the first snapshot is looked at.
    """

    def __init__(self, history: FleetHistory, rule: Rule, incidents: Sequence[Incident] = ()) -> None:
        self._history = history
        self._rule = rule
        self._lasting = {incident.part: incident for incident in incidents}
        self._ended: list[Incident] = []
        self._broken: tuple[Part, ...] | None = None
        self._online = self._devices = np.empty(0)
        self._fleet = history.group(WHOLE)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """All incidents that lasted at any of the snapshots, with their ends."""
        return (*self._ended, *self._lasting.values())

    def look(self, place: int) -> Moment:
        """Look at the snapshot at a place in the history; those before it must have been looked at.

        The first ``history`` snapshots have no baseline: they begin no incident.
        """
        ts = self._history.times[place]
        self._end_incidents(place)
        begun = []
        while place >= self._rule.history and len(begun) < _MOST_AT_ONCE:
            part = self._worst(place)
            if part is None:
                break
            self._lasting[part] = self._incident(part, place)
            begun.append(part)
        self._take_out(tuple(self._lasting))
        shares = {
            part: float(self._online[place, column] / self._devices[column])
            for column, part in enumerate(self._history.parts)
            if part != WHOLE and self._devices[column] >= self._rule.least_devices
        }
        if self._fleet.devices:
            shares[WHOLE] = float(self._fleet.share[place])
        return Moment(ts, shares, tuple(self._lasting), tuple(begun))

    def _end_incidents(self, place: int) -> None:
        ts = self._history.times[place]
        for part, incident in list(self._lasting.items()):
            share = self._history.group(part).share[place]
            if share > incident.level * (1 - self._rule.drop) or ts - incident.started > LONGEST:
                self._ended.append(replace(incident, ended=ts))
                del self._lasting[part]

    def _worst(self, place: int) -> Part | None:
        """The part that explains most of what is missing, if anything has dropped."""
        self._take_out(tuple(self._lasting))
        before = self._online[place - self._rule.history : place].mean(axis=0)
        lost = before - self._online[place]
        drop = np.divide(lost, before, out=np.zeros_like(lost), where=before > 0)
        dropped = (
            (drop >= self._rule.drop)
            & (lost >= self._rule.least_lost)
            & (self._devices >= self._rule.least_devices)
            & np.array([part not in self._lasting for part in self._history.parts])
        )
        if not dropped.any():
            return None
        score = np.where(dropped, lost * drop, 0.0)
        # The parts are in the order of the more usual causes.
        return self._history.parts[int(np.argmax(score >= _ABOUT_AS_WELL * score.max()))]

    def _incident(self, part: Part, place: int) -> Incident:
        group = self._history.group(part)
        before = group.online[place - self._rule.history : place].mean()
        return Incident(
            part,
            self._history.times[place],
            float(before / group.devices),
            round(float(before - group.online[place])),
            group.devices,
        )

    def _take_out(self, broken: tuple[Part, ...]) -> None:
        """Count every part without the devices of the broken ones."""
        if broken == self._broken:
            return
        self._broken = broken
        groups = [
            self._history.group(part) if part in broken else self._history.beside(part, broken)
            for part in self._history.parts
        ]
        self._online = np.stack([group.online for group in groups], axis=1)
        self._devices = np.array([group.devices for group in groups])
