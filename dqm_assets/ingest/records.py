"""A CSV's rows as text: columns of the good ones, a reject for every other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dqm_assets.ingest.parsed import Reject, raw_text


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


def text_schema(width: int) -> pa.Schema:
    """Schema of ``Records.text``."""
    return pa.schema([(str(i), pa.string()) for i in range(width)])


def join_records(parts: Sequence[Records], width: int) -> Records:
    """One after the other."""
    nothing = np.array([], dtype=np.int64)
    return Records(
        text=pa.concat_tables([text_schema(width).empty_table(), *(part.text for part in parts)]),
        lines=np.concatenate([nothing, *(part.lines for part in parts)]),
        starts=np.concatenate([nothing, *(part.starts for part in parts)]),
        ends=np.concatenate([nothing, *(part.ends for part in parts)]),
        rejects=tuple(reject for part in parts for reject in part.rejects),
        rows_in=sum(part.rows_in for part in parts),
    )
