"""Read a Parquet file as ``read_file`` gives CSVs: typed columns, ``_line``, rejects."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dqm_assets.errors import SourceError
from dqm_assets.ingest.names import unique_names
from dqm_assets.ingest.parsed import Dialect, ParsedFile
from dqm_assets.ingest.typed import TextTable, type_columns

_MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether a file starts as Parquet files do; ``False`` when it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def read_parquet(path: Path, columns: Mapping[str, pa.DataType] | None = None) -> ParsedFile:
    """Read a whole Parquet file; ``_line`` is the row's number from 1, ``rows_in`` the footer's count.

    Raises:
        SourceError: the file is broken.
    """
    try:
        with pq.ParquetFile(path) as file:
            rows_in = file.metadata.num_rows
            table = file.read()
    except (OSError, pa.ArrowException) as error:
        raise SourceError(
            f"{path}: broken Parquet file: {error}. Write it again.", code="unreadable"
        ) from error
    written = tuple(table.column_names)
    table = table.rename_columns(list(unique_names(written, columns or ())))
    numbers = np.arange(1, table.num_rows + 1, dtype=np.int64)
    typed = type_columns(
        TextTable(table, numbers, lambda row: repr(table.slice(row, 1).to_pylist()[0])), columns
    )
    return ParsedFile(
        table=typed.table,
        rejects=typed.rejects,
        dialect=Dialect(format="parquet", encoding="", delimiter="", quote="", newline=""),
        rows_in=rows_in,
        columns_seen=typed.columns_seen,
        header_names=written,
    )
