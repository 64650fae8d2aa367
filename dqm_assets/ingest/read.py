"""Read any CSV or Parquet file into a typed table, with every row accounted for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from dqm_assets.errors import SourceError
from dqm_assets.ingest.content import Content, open_content
from dqm_assets.ingest.dialect import SAMPLE_BYTES, has_header, rank_dialects, sample_records
from dqm_assets.ingest.names import unique_names
from dqm_assets.ingest.parquet import is_parquet, read_parquet
from dqm_assets.ingest.parsed import Dialect, ParsedFile
from dqm_assets.ingest.records import Records
from dqm_assets.ingest.split import split_records
from dqm_assets.ingest.typed import TextTable, type_columns

#: Share of ragged rows above which the next likely dialect is tried on the whole file.
_DOUBTFUL = 0.1
#: Dialects tried on the whole file.
_TRIES = 3
_LARGEST_SAMPLE = 1 << 24


def read_file(
    path: Path | str,
    columns: Mapping[str, pa.DataType] | None = None,
    header: bool | None = None,
    *,
    usual: Mapping[str, pa.DataType] | None = None,
) -> ParsedFile:
    """Read a CSV (any dialect and encoding, plain or gzip) or a Parquet file, whole.

    Args:
        path: the file; told by its content, not by its name.
        columns: declared types by name, matched to the file's by normalised name; a row with
            a value that does not cast is rejected. Columns not declared are inferred, which
            rejects nothing. Without a header, declared names are given by position if there
            are as many as columns.
        header: whether the first record names the columns; ``None`` decides from the file.
        usual: numeric types that columns of earlier files had; a few values that are no numbers reject their
            rows instead of making the column text.

    Raises:
        SourceError: nothing can be read from the file; ``code`` says why.
    """
    path = Path(path)
    # The store's own columns are none of a file's.
    columns = {name: kind for name, kind in (columns or {}).items() if not name.startswith("_")}
    if is_parquet(path):
        return read_parquet(path, columns)
    with open_content(path) as content:
        dialects, sample = _candidates(content, path, columns, header)
        dialect, width, records = _split_best(content, dialects, sample)
        written = _header_names(sample, dialect)
        names = unique_names(_padded(written, width, columns), columns)
        typed = type_columns(
            TextTable(
                records.text.rename_columns(list(names)),
                records.lines,
                lambda row: content.data[int(records.starts[row]) : int(records.ends[row])],
            ),
            columns,
            usual,
        )
        return ParsedFile(
            table=typed.table,
            rejects=tuple(sorted(records.rejects + typed.rejects, key=lambda reject: reject.line)),
            dialect=replace(dialect, encoding=content.encoding, compression=content.compression),
            rows_in=records.rows_in,
            columns_seen=typed.columns_seen,
            header_names=tuple(written),
        )


def _candidates(
    content: Content, path: Path, columns: Mapping[str, pa.DataType], header: bool | None
) -> tuple[list[Dialect], str]:
    """Likely dialects with their headers decided, and the sample as text."""
    size = SAMPLE_BYTES
    while True:
        sample = content.data[:size]
        whole = size >= len(content.data)
        ranked = rank_dialects(sample, whole=whole)[:_TRIES]
        text = sample.decode("utf-8", errors="surrogateescape")
        first = sample_records(text, ranked[0], whole=whole)
        if whole or len(first) > 1 or size >= _LARGEST_SAMPLE:
            break
        size *= 8
    if not first:
        raise SourceError(f"{path}: the file holds blank lines only.", code="empty_file")
    decided = []
    for dialect in ranked:
        records = sample_records(text, dialect, whole=whole)
        decided.append(replace(dialect, header=has_header(records, columns) if header is None else header))
    return decided, text


def _split_best(content: Content, dialects: Sequence[Dialect], sample: str) -> tuple[Dialect, int, Records]:
    """Split the whole file by the likeliest dialect; by others too, if many rows do not fit it."""
    best: tuple[Dialect, int, Records] | None = None
    for dialect in dialects:
        width = _width(sample_records(sample, dialect, whole=True), dialect)
        records = split_records(content, dialect, width)
        if best is None or _loss(records) < _loss(best[2]):
            best = dialect, width, records
        if _loss(best[2]) <= _DOUBTFUL:
            break
    if best is None:
        raise AssertionError("rank_dialects gives at least one dialect")
    return best


def _loss(records: Records) -> float:
    return len(records.rejects) / records.rows_in if records.rows_in else 0.0


def _width(records: list[list[str]], dialect: Dialect) -> int:
    """Fields of a good row: the header's, unless all rows of the sample have the same, larger number."""
    if not dialect.header:
        widths = Counter(map(len, records))
        return max(widths, key=lambda w: (widths[w], w))
    rest = {len(record) for record in records[1:-1] or records[1:]}
    width = len(records[0])
    return max(rest) if len(rest) == 1 and max(rest) > width else width


def _header_names(sample: str, dialect: Dialect) -> list[str]:
    if not dialect.header:
        return []
    first = sample_records(sample, dialect, whole=True)[0]
    return [name.encode("utf-8", errors="replace").decode().replace("\x00", "") for name in first]


def _padded(written: list[str], width: int, declared: Mapping[str, pa.DataType]) -> list[str]:
    if not written and len(declared) == width:
        return list(declared)
    return [*written, *[""] * (width - len(written))]
