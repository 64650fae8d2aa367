"""Count a CSV's records and find where each starts, without parsing fields.

This count is independent of the parser: it looks at quotes and line endings only, and it is
what ``rows_in`` of a regularly quoted file is.
"""

import mmap
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_NUL, _LF, _CR = 0, 10, 13
_CHUNK = 1 << 20
_Part = tuple[np.ndarray, np.ndarray, np.ndarray]


class Place(NamedTuple):
    """A place between two records."""

    offset: int
    """Offset in bytes."""
    line: int
    """Line of the file, from 1."""


START = Place(0, 1)


@dataclass(frozen=True)
class Scan:
    """Where the records of a text are; blank lines are no records."""

    starts: np.ndarray
    """int64: offset of each record's first byte."""
    ends: np.ndarray
    """int64: offset after each record's last byte, without the line ending."""
    lines: np.ndarray
    """int64: line of the file on which each record starts, from 1; CR LF is one line ending."""
    stop: Place | None
    """Start of the first record that is not regular; ``None`` when all are."""


def scan_records(data: mmap.mmap | bytes, delimiter: str, quote: str, start: Place = START) -> Scan:
    """Find the records of a text from ``start`` up to the first that is not regular.

    Regular means that every opening quote follows a delimiter, a line ending or the start,
    every closing one precedes a delimiter, a line ending or the end, quotes inside quoted
    fields are doubled, the last field is closed, and there is no NUL. Then whether a line
    ending is inside a field is the parity of the quotes before it. Delimiter and quote are ASCII.
    """
    whole = np.frombuffer(data, dtype=np.uint8)
    walk = _Walk(whole, delimiter, quote, data.find(b"\r") >= 0, start)
    parts = []
    for offset in range(start.offset, len(whole), _CHUNK):
        parts.append(walk.step(offset))
        if walk.irregular:
            break
    if not walk.irregular and not walk.in_quotes:
        parts.append(walk.last())
    starts, ends, lines = (
        (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else [_EMPTY] * 3
    )
    regular = not (walk.irregular or walk.in_quotes)
    return Scan(starts, ends, lines, None if regular else Place(walk.record_start, walk.record_line))


_EMPTY = np.array([], dtype=np.int64)


class _Walk:
    """State carried from chunk to chunk."""

    def __init__(self, whole: np.ndarray, delimiter: str, quote: str, has_cr: bool, start: Place) -> None:
        self.whole = whole
        self.quote = ord(quote)
        self.neighbours = np.isin(np.arange(256), [ord(delimiter), self.quote, _LF, _CR])
        self.has_cr = has_cr
        self.start = start.offset
        self.in_quotes = 0
        self.lines = start.line - 1
        self.record_start, self.record_line = start
        self.irregular = False

    def step(self, offset: int) -> _Part:
        """Records that end in the chunk at ``offset``, up to the first irregular one."""
        chunk = self.whole[offset : offset + _CHUNK]
        special = (chunk == _LF) | (chunk == self.quote) | (chunk == _NUL)
        if self.has_cr:
            special |= chunk == _CR
        at = np.flatnonzero(special) + offset
        byte = self.whole[at]
        is_quote = byte == self.quote
        inside = (self.in_quotes + np.cumsum(is_quote)) & 1
        wrong = self._wrong(at, byte, is_quote, inside)
        if len(wrong):
            self.irregular = True
            at, byte, is_quote, inside = (column[: wrong[0]] for column in (at, byte, is_quote, inside))
        breaks = ~is_quote
        if self.has_cr:
            breaks &= (byte != _LF) | (self.whole[np.maximum(at - 1, 0)] != _CR) | (at == self.start)
        lines = self.lines + np.cumsum(breaks)
        ending = ~is_quote & (inside == 0)
        if len(at):
            self.in_quotes, self.lines = int(inside[-1]), int(lines[-1])
        return self._records(at[ending], lines[ending])

    def last(self) -> _Part:
        """The record after the last line ending, if there is one."""
        return self._records(np.array([len(self.whole)]), np.array([self.lines]))

    def _records(self, ends: np.ndarray, lines: np.ndarray) -> _Part:
        if not len(ends):
            return _EMPTY, _EMPTY, _EMPTY
        starts = np.concatenate(([self.record_start], ends[:-1] + 1))
        first_lines = np.concatenate(([self.record_line], lines[:-1] + 1))
        self.record_start, self.record_line = int(ends[-1]) + 1, int(lines[-1]) + 1
        filled = ends > starts
        return starts[filled], ends[filled], first_lines[filled]

    def _wrong(
        self, at: np.ndarray, byte: np.ndarray, is_quote: np.ndarray, inside: np.ndarray
    ) -> np.ndarray:
        """Positions in ``at`` of quotes with the wrong neighbours, and of NUL bytes."""
        opening, closing = is_quote & (inside == 1), is_quote & (inside == 0)
        end = len(self.whole) - 1
        before = self.neighbours[self.whole[np.maximum(at - 1, 0)]] | (at == self.start)
        after = self.neighbours[self.whole[np.minimum(at + 1, end)]] | (at == end)
        return np.flatnonzero((opening & ~before) | (closing & ~after) | (byte == _NUL))
