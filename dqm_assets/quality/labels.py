"""What people said about spans of a series: incident, expected, or false alarm."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from dqm_assets.errors import SourceError

LabelKind = Literal["incident", "expected", "false_alarm"]
_KINDS: tuple[LabelKind, ...] = get_args(LabelKind)


@dataclass(frozen=True)
class Label:
    """A judgement of people on a span, both ends included; seconds since 1970 UTC."""

    start: float
    end: float
    kind: LabelKind = "incident"

    @property
    def is_incident(self) -> bool:
        """Whether an alert here is right."""
        return self.kind == "incident"


def read_labels(path: Path) -> list[Label]:
    """Read a CSV with a header and columns start, end, and optionally kind.

    Raises:
        SourceError: the file cannot be read, or a line is wrong; the message names it.
    """
    labels = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                labels.append(_label(row, f"{path}:{number}"))
    except OSError as error:
        raise SourceError(f"Labels {path} cannot be read: {error.strerror}.") from None
    return labels


def _label(row: dict[str, str], where: str) -> Label:
    try:
        start, end = (_seconds(row[name] or "") for name in ("start", "end"))
    except (KeyError, ValueError, TypeError):
        raise SourceError(f"{where}: a label needs the columns start and end with ISO 8601 times.") from None
    kind = next((kind for kind in _KINDS if kind == (row.get("kind") or "incident")), None)
    if kind is None:
        raise SourceError(f"{where}: kind {row['kind']!r} is none of {', '.join(_KINDS)}.")
    if end < start:
        raise SourceError(f"{where}: end {row['end']} is before start {row['start']}.")
    return Label(start, end, kind)


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
