"""Split a CSV into records: text columns for the good ones, a reject for every other."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from dqm_assets.ingest.content import Content
from dqm_assets.ingest.parsed import Dialect, Reject, raw_text
from dqm_assets.ingest.scan import Scan, scan_records

#: Bytes that pyarrow parses at once; a record longer than this needs the second, larger block.
BLOCKS = (1 << 20, 1 << 27)


@dataclass(frozen=True)
class Records:
    """A CSV's data rows as text."""

    text: pa.Table
    """String columns named by position, ``0`` first; an empty field is null."""
    lines: np.ndarray
    """int64: file line on which each row of ``text`` starts."""
    starts: np.ndarray
    """int64: offset of each row's first byte in the content."""
    ends: np.ndarray
    """int64: offset after each row's last byte."""
    rejects: tuple[Reject, ...]
    rows_in: int
    """Rows counted apart from ``text`` and ``rejects``."""


def width_reject(line: int, width: int, found: int, raw: bytes) -> Reject:
    """The reject of a ragged row."""
    code = "too_few_fields" if found < width else "too_many_fields"
    return Reject(line, code, f"{found} fields where {width} are expected", "", raw_text(raw))


def split_fast(content: Content, dialect: Dialect, width: int) -> Records | None:
    """Split a clean, regularly quoted CSV with pyarrow; ``None`` when it is not clean.

    The records are counted by ``scan_records``; pyarrow must find as many, or the result is
    not used. Clean: valid text, no NUL, regular quoting, no escape character.
    """
    if content.damaged or dialect.escape or dialect.skip_initial_space or content.data.find(b"\x00") >= 0:
        return None
    scan = scan_records(content.data, dialect.delimiter, dialect.quote)
    if scan is None:
        return None
    skipped = 1 if dialect.header else 0
    scan = Scan(scan.starts[skipped:], scan.ends[skipped:], scan.lines[skipped:])
    if not len(scan.starts):
        return Records(_no_rows(width), scan.lines, scan.starts, scan.ends, (), 0)
    for block in BLOCKS:
        try:
            text, ragged = _parse(content, dialect, width, int(scan.starts[0]), block)
        except pa.ArrowInvalid:
            continue
        if text.num_rows + len(ragged) == len(scan.starts):
            return _account(content, text, ragged, scan, width)
    return None


def _no_rows(width: int) -> pa.Table:
    return pa.table({str(i): pa.array([], pa.string()) for i in range(width)})


def _parse(
    content: Content, dialect: Dialect, width: int, offset: int, block: int
) -> tuple[pa.Table, dict[int, int]]:
    """pyarrow's table, and the width found of each ragged record by its number from 0."""
    ragged: dict[int, int] = {}

    def skip(row: pacsv.InvalidRow) -> str:
        ragged[row.number - 1] = row.actual_columns
        return "skip"

    names = [str(i) for i in range(width)]
    buffer = pa.py_buffer(content.data).slice(offset)
    # One thread: only then does pyarrow number the rows it hands to the handler.
    text = pacsv.read_csv(
        pa.BufferReader(buffer),
        read_options=pacsv.ReadOptions(use_threads=False, block_size=block, column_names=names),
        parse_options=pacsv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote,
            newlines_in_values=content.data.find(dialect.quote.encode(), offset) >= 0,
            invalid_row_handler=skip,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    return text, ragged


def _account(content: Content, text: pa.Table, ragged: dict[int, int], scan: Scan, width: int) -> Records:
    kept = np.ones(len(scan.starts), dtype=bool)
    kept[list(ragged)] = False
    rejects = tuple(
        width_reject(int(scan.lines[i]), width, found, content.data[int(scan.starts[i]) : int(scan.ends[i])])
        for i, found in sorted(ragged.items())
    )
    return Records(text, scan.lines[kept], scan.starts[kept], scan.ends[kept], rejects, len(scan.starts))
