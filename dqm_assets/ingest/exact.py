"""Split any CSV with Python's csv module, record by record: slower, and stopped by nothing.

Used where a scan cannot tell records: damaged text, NUL bytes, irregular quoting, escapes.
"""

import mmap
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.ingest.content import Content
from dqm_assets.ingest.dialect import csv_reader
from dqm_assets.ingest.parsed import Dialect, Reject, raw_text
from dqm_assets.ingest.records import Records, text_schema, width_reject
from dqm_assets.ingest.scan import Place

#: A quoted field that is still open after this many bytes was opened by a stray quote.
OPEN_LIMIT = 1 << 20
_BATCH = 50_000
_LINE = re.compile(rb"[^\r\n]+(?:\r\n|\r|\n)?|\r\n|\r|\n")


class _Line(NamedTuple):
    number: int
    start: int
    end: int
    text: str


class _Record(NamedTuple):
    line: int
    start: int
    end: int
    fields: list[str]
    closed: bool


class _Lines:
    """The physical lines of a text, with a way back; ends early when a record gets too long."""

    def __init__(self, data: mmap.mmap | bytes, start: Place) -> None:
        self._fresh = enumerate(_LINE.finditer(data, start.offset), start=start.line)
        self._next = start
        self._back: deque[_Line] = deque()
        self.taken: list[_Line] = []
        self.ended = False
        self._size = 0

    def begin(self) -> None:
        """Start a record."""
        self.taken, self.ended, self._size = [], False, 0

    def give_back(self) -> None:
        """Return all lines of the record but its first."""
        self._back.extendleft(reversed(self.taken[1:]))

    def place(self) -> Place:
        """Where the next record starts."""
        return Place(self._back[0].start, self._back[0].number) if self._back else self._next

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._size > OPEN_LIMIT:
            self.ended = True
            raise StopIteration
        if self._back:
            line = self._back.popleft()
        else:
            number, match = next(self._fresh, (0, None))
            if match is None:
                self.ended = True
                raise StopIteration
            text = match.group().decode("utf-8", errors="surrogateescape")
            line = _Line(number, match.start(), match.end(), text)
            self._next = Place(match.end(), number + 1)
        self.taken.append(line)
        self._size += line.end - line.start
        return line.text


def read_exact(
    content: Content, dialect: Dialect, width: int, start: Place, most: int | None = None
) -> tuple[Records, Place]:
    """Read records from ``start``, at most ``most``, whatever is in them; gives the place after them.

    A quote that is never closed, or that is closed lines later in the middle of a field, costs
    its own line only: that line is rejected as ``unclosed_quote`` and reading goes on after it.
    """
    lines = _Lines(content.data, start)
    rows = _Rows(width)
    rejects: list[Reject] = []
    count = 0
    for record in islice(_records(lines, dialect), most):
        count += 1
        reject = _judge(record, content, width)
        if reject is None:
            rows.add(record)
        else:
            rejects.append(reject)
    return rows.finish(tuple(rejects), count), lines.place()


def _records(lines: _Lines, dialect: Dialect) -> Iterator[_Record]:
    reader = csv_reader(lines, dialect)
    while True:
        lines.begin()
        fields = next(reader, None)
        if fields is None:
            return
        if not fields:
            continue
        first = lines.taken[0]
        closed = not lines.ended and not (len(lines.taken) > 1 and _stray(lines, dialect))
        if closed:
            yield _Record(first.number, first.start, lines.taken[-1].end, fields, True)
        else:
            lines.give_back()
            reader = csv_reader(lines, dialect)
            yield _Record(first.number, first.start, first.end, fields, False)


def _stray(lines: _Lines, dialect: Dialect) -> bool:
    """Whether several lines are one record only because of a misplaced quote: the quoting is irregular."""
    if dialect.escape or dialect.skip_initial_space:
        return False
    q, d = re.escape(dialect.quote), re.escape(dialect.delimiter)
    field = rf"(?:{q}(?:[^{q}]|{q}{q})*{q}|[^{q}{d}][^{d}]*|)"
    text = "".join(line.text for line in lines.taken).rstrip("\r\n")
    return re.fullmatch(rf"{field}(?:{d}{field})*", text) is None


def _judge(record: _Record, content: Content, width: int) -> Reject | None:
    if not record.closed:
        code, reason = "unclosed_quote", "a quote is opened and not closed"
    elif any("\x00" in field for field in record.fields):
        code, reason = "nul_byte", "the row holds a NUL byte"
    elif content.damaged and _damaged(record.fields):
        code, reason = "bad_encoding", f"the row holds bytes that are no {content.encoding} text"
    elif len(record.fields) != width:
        return width_reject(record.line, width, len(record.fields), content.data[record.start : record.end])
    else:
        return None
    return Reject(record.line, code, reason, "", raw_text(content.data[record.start : record.end]))


def _damaged(fields: list[str]) -> bool:
    return any(c == "\ufffd" or "\udc80" <= c <= "\udcff" for field in fields for c in field)


class _Rows:
    """Good records, gathered into Arrow batches."""

    def __init__(self, width: int) -> None:
        self._rows: list[list[str]] = []
        self._batches: list[pa.RecordBatch] = []
        self._schema = text_schema(width)
        self._places: list[tuple[int, int, int]] = []

    def add(self, record: _Record) -> None:
        """Take one record."""
        self._rows.append(record.fields)
        self._places.append((record.line, record.start, record.end))
        if len(self._rows) >= _BATCH:
            self._flush()

    def finish(self, rejects: tuple[Reject, ...], count: int) -> Records:
        """Everything taken, as ``Records``."""
        self._flush()
        places = np.array(self._places, dtype=np.int64).reshape(-1, 3)
        text = pa.Table.from_batches(self._batches, schema=self._schema)
        return Records(text, places[:, 0].copy(), places[:, 1].copy(), places[:, 2].copy(), rejects, count)

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = [pa.array(column, pa.string()) for column in zip(*self._rows, strict=True)]
        empty = pa.scalar(None, pa.string())
        columns = [pc.if_else(pc.equal(column, ""), empty, column) for column in columns]
        self._batches.append(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        self._rows = []
