"""Counting connected devices by segment, quickly: devices are counted once, by cell, and cells added up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dqm_assets.simulate.fleet import Fleet
from dqm_assets.simulate.fleet_activity import Window, connected
from dqm_assets.simulate.fleet_outages import Outage
from dqm_assets.sources.devices.segments import DIMENSIONS, SEGMENTS, dimensions_of


@dataclass(frozen=True)
class SegmentCount:
    """Connected devices of one value, or combination of values, of a segment."""

    segment: str
    values: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class _Groups:
    """The values of a segment, and which of them each cell belongs to."""

    values: tuple[tuple[str, ...], ...]
    of_cell: np.ndarray


class SegmentCounter:
    """Counts the connected devices of one fleet; may be used by several threads.

    A cell is a combination of all dimensions that occurs in the fleet: some thousands, whatever its size.
    """

    def __init__(self, fleet: Fleet, segments: Sequence[str] = SEGMENTS) -> None:
        self.fleet = fleet
        columns = tuple(DIMENSIONS.values())
        sizes = [len(fleet.values[column]) for column in columns]
        combined = np.ravel_multi_index([fleet.codes[column] for column in columns], sizes)
        cells, of_device = np.unique(combined, return_inverse=True)
        self._cell = of_device.astype(np.intp)
        codes = dict(zip(columns, np.unravel_index(cells, sizes), strict=True))
        self._groups = {segment: _groups(fleet, codes, segment) for segment in segments}
        self._cells = len(cells)

    @property
    def segments(self) -> tuple[str, ...]:
        """Segments that it counts."""
        return tuple(self._groups)

    def count(self, window: Window, outages: Sequence[Outage] = ()) -> tuple[SegmentCount, ...]:
        """Count the devices seen within a window; values of which none was seen count 0."""
        seen = connected(self.fleet, window, outages)
        cells = np.bincount(self._cell[seen], minlength=self._cells)
        return tuple(
            SegmentCount(segment, values, int(count))
            for segment, groups in self._groups.items()
            for values, count in zip(
                groups.values,
                np.bincount(groups.of_cell, weights=cells, minlength=len(groups.values)),
                strict=True,
            )
        )


def _groups(fleet: Fleet, codes: Mapping[str, np.ndarray], segment: str) -> _Groups:
    columns = [DIMENSIONS[dimension] for dimension in dimensions_of(segment)]
    sizes = [len(fleet.values[column]) for column in columns]
    combined = np.ravel_multi_index([codes[column] for column in columns], sizes)
    found, of_cell = np.unique(combined, return_inverse=True)
    places = np.transpose(np.unravel_index(found, sizes))
    values = tuple(
        tuple(fleet.values[column][place] for column, place in zip(columns, row, strict=True))
        for row in places
    )
    return _Groups(values, of_cell)


def snapshot_document(counts: Sequence[SegmentCount], window: Window, devices: int) -> dict[str, object]:
    """A snapshot as ``POST /segment-stats`` answers it."""
    return {
        "current_time": iso(window.end),
        "window_minutes": window.minutes,
        "frequency_minutes": window.frequency,
        "update_probability": window.probability,
        "devices": devices,
        "simulated": True,
        "segments": [_row(count) for count in counts],
    }


def iso(moment: datetime) -> str:
    """A UTC time as the API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(count: SegmentCount) -> dict[str, object]:
    row: dict[str, object] = {"segment": count.segment, "count": count.count}
    for place, (name, value) in enumerate(
        zip(dimensions_of(count.segment), count.values, strict=True), start=1
    ):
        row[f"dim{place}_name"], row[f"dim{place}_value"] = name, value
    return row
