"""The columns of a file that has been read: names, types, whether nulls came, which categories."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.ingest import ParsedFile
from dqm_assets.quality.category_drift import OTHERS, SHARE
from dqm_assets.quality.drift import SeenColumn

#: Categories that are kept of a column, and the rows that the most frequent one must have.
KEPT, LEAST_ROWS = 20, 5
_PROBE_ROWS = 2_000


def seen_columns(parsed: ParsedFile) -> tuple[SeenColumn, ...]:
    """Columns of a file in file order, with their names as written.

    A file that is empty, or was not read whole because rows were rejected, says nothing of nulls.
    """
    headers = parsed.header_names
    # A header may name fewer columns than the rows have, or be missing altogether.
    written = (*headers, *(name for name, _ in parsed.columns_seen[len(headers) :]))
    table = parsed.table
    return tuple(
        SeenColumn(
            name,
            str(arrow_type),
            header,
            table.column(name).null_count > 0 if name in table.column_names and table.num_rows else None,
            categories(table.column(name)) if name in table.column_names else {},
        )
        for (name, arrow_type), header in zip(parsed.columns_seen, written, strict=True)
    )


def categories(values: pa.ChunkedArray) -> Mapping[str, int]:
    """Rows of the most frequent texts and, as `OTHERS`, of the rest; empty when none stands out."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return {}
    known = values.drop_null()
    # Texts that differ from row to row are told by the first rows, before all are counted.
    probe = known.slice(0, _PROBE_ROWS)
    if len(probe) == _PROBE_ROWS and pc.count_distinct(probe).as_py() == _PROBE_ROWS:
        return {}
    counted = pc.value_counts(known).to_pylist()
    counted.sort(key=lambda pair: (-pair["counts"], pair["values"]))
    if not counted or counted[0]["counts"] < max(LEAST_ROWS, SHARE * len(known)):
        return {}
    found = {pair["values"]: pair["counts"] for pair in counted[:KEPT]}
    rest = sum(pair["counts"] for pair in counted[KEPT:])
    return {**found, OTHERS: rest} if rest else found
