"""A series in a CSV file: a time and a value per line."""

import csv
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dqm_assets.errors import SourceError


@dataclass(frozen=True)
class Series:
    """Times in seconds since 1970 UTC, ascending, and values (NaN: missing), float64, shape (n,)."""

    ts: np.ndarray
    values: np.ndarray

    def since(self, start: float) -> "Series":
        """The part from ``start`` on."""
        kept = self.ts >= start
        return Series(self.ts[kept], self.values[kept])


def read_series(path: Path) -> Series:
    """Read a CSV with a header, whose first column is an ISO 8601 time and whose second is a number.

    Lines are put in order of time. An empty value is missing.

    Raises:
        SourceError: the file cannot be read, or a line is wrong; the message names it.
    """
    points = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            for number, row in enumerate(csv.reader(lines), start=1):
                if number > 1 and row:
                    points.append(_point(row, f"{path}:{number}"))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"Series {path} cannot be read: {error}.") from None
    points.sort(key=lambda point: point[0])
    table = np.array(points, dtype=np.float64).reshape(-1, 2)
    return Series(table[:, 0], table[:, 1])


def _point(row: list[str], where: str) -> tuple[float, float]:
    try:
        moment = datetime.fromisoformat(row[0].strip())
        value = float(row[1]) if row[1].strip() else math.nan
    except (ValueError, IndexError):
        raise SourceError(f"{where}: a line needs an ISO 8601 time and a number, got {row[:2]!r}.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), value
