"""The drift policy ``quarantine``: what departs from its contract does not enter the raw table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.errors import SourceError
from dqm_assets.ingest import ParsedFile, Reject
from dqm_assets.quality.contracts import Contract
from dqm_assets.quality.contracts.contract_drift import contract_changes
from dqm_assets.quality.drift import SeenColumn

CODE = "schema_drift"
_LINE = "_line"


def kept_by_policy(
    contract: Contract | None, parsed: ParsedFile, columns: Sequence[SeenColumn]
) -> ParsedFile:
    """Take out what the contract's policy keeps from the raw table; other policies take out nothing.

    A file without a column of its contract (gone, renamed, of another type) goes as a whole; of any
    other, the rows go that hold a null in a required column or a value that the contract does not list.

    Args:
        contract: the dataset's, if it has one.
        parsed: the file as read.
        columns: its columns.

    Raises:
        SourceError: the whole file is refused; the code is ``schema_drift``.
    """
    if contract is None or contract.drift_policy != "quarantine":
        return parsed
    changes = contract_changes(contract, columns)
    broken = [change.message for change in changes if change.breaking and change.kind != "nullability"]
    if broken:
        told = "; ".join(broken)
        raise SourceError(
            f"The columns are not those of {contract.file}: {told}. Mend the file, or the contract.", CODE
        )
    rejects = _rejects(contract, parsed.table)
    if not rejects:
        return parsed
    gone = pa.array([reject.line for reject in rejects], pa.int64())
    stays = pc.invert(pc.is_in(parsed.table.column(_LINE), value_set=gone))
    together = sorted((*parsed.rejects, *rejects), key=lambda reject: reject.line)
    return replace(parsed, table=parsed.table.filter(stays), rejects=tuple(together))


def _rejects(contract: Contract, table: pa.Table) -> list[Reject]:
    """One reject a row, for the first of its columns that breaks the contract."""
    found: dict[int, Reject] = {}
    for prop in contract.properties:
        if prop.name not in table.column_names:
            continue
        values = table.column(prop.name)
        if prop.required:
            _add(found, table, prop.name, _missing(values), "no value where one is due")
        if prop.allowed:
            strange = pc.and_(pc.is_valid(values), pc.invert(_listed(values, prop.allowed)))
            _add(found, table, prop.name, strange, "a value that the contract does not list")
    return list(found.values())


def _listed(values: pa.ChunkedArray, allowed: Sequence[str]) -> pa.ChunkedArray:
    """Tell which values a list names, by their meaning: 2.0 and 2 are one number, however it is written."""
    named = pa.array(allowed, pa.string())
    for kind in (values.type, pa.float64()):
        try:
            return pc.is_in(pc.cast(values, kind), value_set=pc.cast(named, kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return pc.is_in(pc.cast(values, pa.string()), value_set=named)


def _add(found: dict[int, Reject], table: pa.Table, column: str, broken: pa.ChunkedArray, why: str) -> None:
    for row in table.filter(broken).to_pylist():
        line = row.pop(_LINE)
        found.setdefault(line, Reject(line, CODE, f"{column}: {why}", column, _written(row)))


def _written(row: dict) -> str:
    text = io.StringIO()
    csv.writer(text).writerow("" if value is None else value for value in row.values())
    return text.getvalue().rstrip("\r\n")


def _missing(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_null(values, nan_is_null=pa.types.is_floating(values.type))
