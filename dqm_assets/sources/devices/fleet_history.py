"""Counts of the fleet over some snapshots, ready to be asked about any part of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dqm_assets.sources.devices.segments import SINGLE, WHOLE_FLEET, named, segment_of
from dqm_assets.sources.devices.snapshot import SegmentKey


@dataclass(frozen=True)
class Part:
    """A part of the fleet: the devices with one value of one dimension; without a dimension, all of them."""

    dimension: str = ""
    value: str = ""

    @property
    def name(self) -> str:
        """As series and alerts name it: ``Supplier=Boreal``, empty for the whole fleet."""
        return named(self.dimension, self.value) if self.dimension else ""

    @property
    def title(self) -> str:
        """As people read it."""
        return self.name or "the fleet"


WHOLE = Part()


def part_named(name: str) -> Part:
    """The part that a series is named after; see `Part.name`."""
    dimension, _, value = name.partition("=")
    return Part(dimension, value)


@dataclass(frozen=True)
class Group:
    """Some devices: how many of them were online at each time, shape (times,), and how many there are."""

    online: np.ndarray
    devices: int

    @property
    def share(self) -> np.ndarray:
        """Online share at each time; NaN when there are no devices."""
        return self.online / self.devices if self.devices else np.full(self.online.shape, np.nan)


class FleetHistory:
    """Counts by time and segment value, beside the inventory.

    Args:
        times: times of the snapshots, ascending, UTC.
        keys: what the columns of ``counts`` count.
        counts: connected devices, shape (times, keys).
        inventory: devices there are, by segment value.
    """

    def __init__(
        self,
        times: Sequence[datetime],
        keys: Sequence[SegmentKey],
        counts: np.ndarray,
        inventory: Mapping[SegmentKey, int],
    ) -> None:
        self.times = tuple(times)
        self._counts = counts
        self._column = {key: place for place, key in enumerate(keys)}
        self._inventory = inventory
        known = [key for key in inventory if key.segment in SINGLE]
        order = {dimension: place for place, dimension in enumerate(SINGLE)}
        self.parts: tuple[Part, ...] = (
            WHOLE,
            *sorted(
                (Part(key.segment, key.values[0]) for key in known),
                key=lambda part: (order[part.dimension], part.value),
            ),
        )

    def group(self, part: Part) -> Group:
        """The devices of a part."""
        if part != WHOLE:
            return self._of(SegmentKey(part.dimension, (part.value,)))
        columns = [place for key, place in self._column.items() if key.segment == WHOLE_FLEET]
        devices = sum(count for key, count in self._inventory.items() if key.segment == WHOLE_FLEET)
        return Group(self._counts[:, columns].sum(axis=1), devices)

    def both(self, one: Part, other: Part) -> Group:
        """The devices that are in both parts; none where the source does not count such pairs."""
        if one in (WHOLE, other):
            return self.group(other)
        if other == WHOLE:
            return self.group(one)
        if one.dimension == other.dimension:
            return Group(np.zeros(len(self.times)), 0)
        segment = segment_of(one.dimension, other.dimension)
        values = {one.dimension: one.value, other.dimension: other.value}
        key = SegmentKey(segment, ())
        return self._of(SegmentKey(segment, tuple(values[dimension] for dimension in key.dimensions)))

    def beside(self, part: Part, others: Sequence[Part]) -> Group:
        """The devices of a part that are in none of the others."""
        group = self.group(part)
        taken = [self.both(part, other) for other in others if other != part]
        if not taken:
            return group
        online = group.online - np.sum([each.online for each in taken], axis=0)
        # Devices in two of the others were taken away twice.
        return Group(np.maximum(online, 0.0), max(0, group.devices - sum(each.devices for each in taken)))

    def _of(self, key: SegmentKey) -> Group:
        place = self._column.get(key)
        online = self._counts[:, place] if place is not None else np.zeros(len(self.times))
        return Group(online, self._inventory.get(key, 0))
