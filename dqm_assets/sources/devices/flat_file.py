"""Snapshots as flat CSV files, one each, with the header that ``docs/devices.md`` documents."""

import csv
import io
import os
import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from dqm_assets.sources.devices.segments import MOST_DIMENSIONS
from dqm_assets.sources.devices.snapshot import SegmentKey, Snapshot

#: ``ts`` in UTC; dimensions that a segment does not have are empty.
HEADER = (
    "ts",
    "segment",
    "count",
    "dim1_name",
    "dim1_value",
    "dim2_name",
    "dim2_value",
    "dim3_name",
    "dim3_value",
)


@lru_cache(maxsize=8192)
def dimension_columns(key: SegmentKey) -> tuple[str, ...]:
    """Names and values of a key's dimensions in turn, filled up with empty ones."""
    pairs = [part for pair in zip(key.dimensions, key.values, strict=True) for part in pair]
    return (*pairs, *("",) * (2 * MOST_DIMENSIONS - len(pairs)))


def flat_rows(snapshot: Snapshot) -> Iterator[tuple[str | int, ...]]:
    """Rows of a snapshot in the order of ``HEADER``."""
    ts = snapshot.ts.strftime("%Y-%m-%dT%H:%M:%SZ")
    for key, count in snapshot.counts.items():
        yield (ts, key.segment, count, *dimension_columns(key))


def write_flat_file(folder: Path, snapshot: Snapshot) -> Path:
    """Write a snapshot as ``<folder>/<day>/segments_<time>.csv``, whole or not at all; again is the same.

    Args:
        folder: folder of the days; made when needed.
        snapshot: what to write.
    """
    path = folder / f"{snapshot.ts:%Y-%m-%d}" / f"segments_{snapshot.ts:%Y%m%dT%H%M%SZ}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(flat_rows(snapshot))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(text.getvalue())
    unfinished.replace(path)
    return path


def remove_old_files(folder: Path, now: datetime, days: int) -> int:
    """Remove the folders of days older than ``days``; returns how many."""
    limit = (now - timedelta(days=days)).date()
    old = [path for path in folder.glob("????-??-??") if _day(path.name) < limit]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return len(old)


def _day(name: str) -> date:
    try:
        return date.fromisoformat(name)
    except ValueError:  # not ours
        return date.max
