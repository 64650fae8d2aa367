"""How the fleet is: the latest online share against what was before, for the whole and for every part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dqm_assets.errors import SourceError
from dqm_assets.pipeline.devices_monitor import fleet_history
from dqm_assets.sources.devices.explanation import explain_drop
from dqm_assets.sources.devices.fleet_history import WHOLE, FleetHistory, Part
from dqm_assets.sources.devices.incidents import IncidentFinder, Rule
from dqm_assets.store import Store

_LATEST = """
    SELECT ts, simulated FROM raw.device_payloads
    WHERE $moment IS NULL OR ts <= $moment ORDER BY ts DESC LIMIT 1
"""


@dataclass(frozen=True)
class PartStatus:
    """A part of the fleet at one snapshot; shares of its inventory, ``drop`` as a share of the baseline."""

    name: str
    devices: int
    online: int
    share: float
    baseline: float | None
    drop: float | None


@dataclass(frozen=True)
class FleetStatus:
    """The fleet at one snapshot.

    Attributes:
        broken: parts that are themselves broken, as far as the snapshots of the baseline show.
        parts: the parts that are judged, the largest drop first.
        explanation: which segments explain the drop; empty without one.
    """

    ts: datetime
    simulated: bool
    inventory: int
    fleet: PartStatus
    broken: tuple[Part, ...]
    parts: tuple[PartStatus, ...]
    explanation: str

    @property
    def alert(self) -> bool:
        """Whether the fleet or a part of it has dropped."""
        return bool(self.broken)


def fleet_status(store: Store, rule: Rule, moment: datetime | None = None) -> FleetStatus:
    """The fleet at the latest snapshot, or at the last one up to a time.

    Raises:
        SourceError: there is no snapshot yet, or no inventory.
    """
    latest = store.rows(_LATEST, {"moment": moment})
    if not latest:
        raise SourceError("No snapshot has been collected yet. Run `dqm devices collect`.", "no_snapshot")
    ts = latest[0]["ts"]
    history = fleet_history(store, ts, ts, rule.history)
    place = len(history.times) - 1
    found = IncidentFinder(history, rule).look(place)
    parts = [
        part_status(history, place, part, rule)
        for part in history.parts
        if part != WHOLE and history.group(part).devices >= rule.least_devices
    ]
    fleet = part_status(history, place, WHOLE, rule)
    dropped = fleet.drop is not None and fleet.drop >= rule.drop
    broken = found.broken if found.broken or not dropped else (WHOLE,)
    return FleetStatus(
        ts,
        bool(latest[0]["simulated"]),
        fleet.devices,
        fleet,
        broken,
        tuple(sorted(parts, key=lambda part: -(part.drop or 0.0))),
        _explanation(history, place, broken, rule),
    )


def part_status(history: FleetHistory, place: int, part: Part, rule: Rule) -> PartStatus:
    """One part at the snapshot of a place; without a baseline while too few came before."""
    group = history.group(part)
    share = float(group.share[place])
    past = group.share[max(0, place - rule.history) : place]
    baseline = float(np.mean(past)) if len(past) == rule.history else None
    drop = (baseline - share) / baseline if baseline else None
    return PartStatus(part.title, group.devices, int(group.online[place]), share, baseline, drop)


def _explanation(history: FleetHistory, place: int, broken: Sequence[Part], rule: Rule) -> str:
    if not broken:
        return ""
    found = explain_drop(history, place, WHOLE, broken, baseline=rule.history)
    return found.text if found else ""
