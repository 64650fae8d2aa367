"""Count a CSV's records and find where each starts, without parsing fields.

This count is independent of the parser: it looks at quotes and line endings only, and it is
what ``rows_in`` of a regularly quoted file is.
"""

import mmap
from dataclasses import dataclass

import numpy as np

_LF, _CR = 10, 13
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Scan:
    """Where the records of a text are; blank lines are no records."""

    starts: np.ndarray
    """int64: offset of each record's first byte."""
    ends: np.ndarray
    """int64: offset after each record's last byte, without the line ending."""
    lines: np.ndarray
    """int64: line of the file on which each record starts, from 1; CR LF is one line ending."""


def scan_records(data: mmap.mmap | bytes, delimiter: str, quote: str) -> Scan | None:
    """Find the records of a regularly quoted text, or ``None`` if its quoting is not regular.

    Regular means that every opening quote follows a delimiter, a line ending or the start,
    every closing one precedes a delimiter, a line ending or the end, quotes inside quoted
    fields are doubled, and the last field is closed. Then whether a line ending is inside
    a field is the parity of the quotes before it.
    """
    marks = {ord(delimiter), ord(quote), _LF, _CR}
    if max(marks) > 127:  # noqa: PLR2004 - bytes of UTF-8 letters cannot be told apart one by one
        return None
    whole = np.frombuffer(data, dtype=np.uint8)
    walk = _Walk(whole, ord(quote), np.isin(np.arange(256), list(marks)), data.find(b"\r") >= 0)
    parts = []
    for offset in range(0, len(whole), _CHUNK):
        part = walk.step(offset)
        if part is None:
            return None
        parts.append(part)
    if walk.in_quotes:
        return None
    parts.append(walk.last())
    starts, ends, lines = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Scan(starts, ends, lines)


class _Walk:
    """State carried from chunk to chunk."""

    def __init__(self, whole: np.ndarray, quote: int, neighbours: np.ndarray, has_cr: bool) -> None:
        self.whole = whole
        self.quote = quote
        self.neighbours = neighbours
        self.has_cr = has_cr
        self.in_quotes = 0
        self.lines = 0
        self.record_start = 0
        self.record_line = 1

    def step(self, offset: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Records that end in the chunk at ``offset``; ``None`` at irregular quoting."""
        chunk = self.whole[offset : offset + _CHUNK]
        special = (chunk == _LF) | (chunk == self.quote)
        if self.has_cr:
            special |= chunk == _CR
        at = np.flatnonzero(special) + offset
        byte = self.whole[at]
        is_quote = byte == self.quote
        inside = (self.in_quotes + np.cumsum(is_quote)) & 1
        if not self._regular(at[is_quote], inside[is_quote]):
            return None
        breaks = ~is_quote
        if self.has_cr:
            breaks &= (byte != _LF) | (self.whole[np.maximum(at - 1, 0)] != _CR) | (at == 0)
        lines = self.lines + np.cumsum(breaks)
        ending = ~is_quote & (inside == 0)
        if len(at):
            self.in_quotes, self.lines = int(inside[-1]), int(lines[-1])
        return self._records(at[ending], lines[ending])

    def last(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The record after the last line ending, if there is one."""
        return self._records(np.array([len(self.whole)]), np.array([self.lines]))

    def _records(self, ends: np.ndarray, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        starts = np.concatenate(([self.record_start], ends[:-1] + 1)) if len(ends) else ends
        first_lines = np.concatenate(([self.record_line], lines[:-1] + 1)) if len(ends) else lines
        if len(ends):
            self.record_start, self.record_line = int(ends[-1]) + 1, int(lines[-1]) + 1
        filled = ends > starts
        return starts[filled], ends[filled], first_lines[filled]

    def _regular(self, at: np.ndarray, inside: np.ndarray) -> bool:
        opening, closing = at[inside == 1], at[inside == 0]
        before = self.whole[np.maximum(opening - 1, 0)]
        after = self.whole[np.minimum(closing + 1, len(self.whole) - 1)]
        return bool(
            (self.neighbours[before] | (opening == 0)).all()
            and (self.neighbours[after] | (closing == len(self.whole) - 1)).all()
        )
