"""Split regularly quoted records with pyarrow."""

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from dqm_assets.ingest.content import Content
from dqm_assets.ingest.parsed import Dialect
from dqm_assets.ingest.records import Records, width_reject
from dqm_assets.ingest.scan import Scan

#: Bytes that pyarrow parses at once; a record longer than this needs the second, larger block.
BLOCKS = (1 << 20, 1 << 27)


def split_regular(content: Content, dialect: Dialect, width: int, scan: Scan) -> Records | None:
    """Split the records that a scan found; ``None`` unless pyarrow finds as many."""
    for block in BLOCKS:
        try:
            text, ragged = _parse(content, dialect, width, scan, block)
        except pa.ArrowInvalid:
            continue
        if text.num_rows + len(ragged) == len(scan.starts):
            return _account(content, text, ragged, scan, width)
    return None


def _parse(
    content: Content, dialect: Dialect, width: int, scan: Scan, block: int
) -> tuple[pa.Table, dict[int, int]]:
    """pyarrow's table, and the width found of each ragged record by its number from 0."""
    ragged: dict[int, int] = {}

    def skip(row: pacsv.InvalidRow) -> str:
        ragged[row.number - 1] = row.actual_columns
        return "skip"

    names = [str(i) for i in range(width)]
    begin, end = int(scan.starts[0]), int(scan.ends[-1])
    buffer = pa.py_buffer(content.data).slice(begin, end - begin)
    # One thread: only then does pyarrow number the rows it hands to the handler.
    text = pacsv.read_csv(
        pa.BufferReader(buffer),
        read_options=pacsv.ReadOptions(use_threads=False, block_size=block, column_names=names),
        parse_options=pacsv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote,
            newlines_in_values=content.data.find(dialect.quote.encode(), begin, end) >= 0,
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
