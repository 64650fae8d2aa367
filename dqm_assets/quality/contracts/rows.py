"""The rows under judgement: an Arrow table or a DuckDB relation, seen through the contract's columns."""

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any

import duckdb
import pyarrow as pa

from dqm_assets.errors import ContractError
from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.logical_type import family
from dqm_assets.quality.contracts.property import Property
from dqm_assets.quality.contracts.sql_text import identifier, text

#: What can be judged.
Rows = pa.Table | duckdb.DuckDBPyRelation

#: Failing rows that a result keeps, and how much of each value.
SAMPLE_ROWS, SAMPLE_TEXT = 10, 200
_VIEW = "__dqm_rows"
#: Column of the raw tables that says in which line of its file a row stood.
LINE = "_line"


class JudgedRows:
    """Rows with the contract's columns read as their logical types, ready for SQL.

    Queries see the view `SOURCE`: all columns as they came, and for each known column of
    the contract what its `JudgedColumn` names. Columns that a query does not use cost nothing.
    """

    #: Name that queries select from.
    SOURCE = "judged"

    def __init__(self, stated: Sequence[Property], data: Rows) -> None:
        """Look at the data's columns; nothing is scanned yet.

        Args:
            stated: what the contract says of columns, and of what stands inside them.
            data: the rows.

        Raises:
            ContractError: the data is neither an Arrow table nor a DuckDB relation.
        """
        self._stated = stated
        #: The rows in memory; None when they are a relation.
        self.table = data if isinstance(data, pa.Table) and data.num_columns else None
        self._relation = as_relation(data)
        self.types: dict[str, str] = dict(
            zip(self._relation.columns, map(str, self._relation.types), strict=True)
        )
        self.columns: dict[str, JudgedColumn] = {}
        projections: dict[str, str] = {}
        #: Columns as they came, without what stands inside of them.
        self.own = tuple(self.types)
        for index, prop in enumerate(stated):
            written = self._inside(prop) if prop.within else ""
            if prop.name in self.types:
                self.columns[prop.name], added = prop.judged(index, self.types[prop.name], written)
                projections |= added
        listed = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in projections.items())
        self._judged = f"WITH {self.SOURCE} AS (SELECT *{', ' + listed if listed else ''} FROM {_VIEW})\n"

    def _inside(self, prop: Property) -> str:
        """Write the expression of what stands inside a column, and note its type; empty when it is not there.

        A field of a struct keeps its type; of JSON in a text everything is text, as in a file.
        """
        column, *path = prop.within
        kind = self.types.get(column)
        if kind is None:
            return ""
        if family(kind) == "string":
            keys = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
            self.types[prop.name] = "VARCHAR"
            document = f"CASE WHEN json_valid({identifier(column)}) THEN {identifier(column)} END"
            return f"json_extract_string({document}, {text(keys)})"
        written = identifier(column)
        for key in path:
            written = f"struct_extract({written}, {text(key)})"
        try:
            self.types[prop.name] = str(self._relation.project(written).types[0])
        except duckdb.Error:  # no struct, or without such a field
            return ""
        return written

    def query(self, sql: str) -> duckdb.DuckDBPyRelation:
        """Run a query over `SOURCE`."""
        return self._relation.query(_VIEW, self._judged + sql)

    def aggregates(self, expressions: Sequence[str]) -> list[int]:
        """Evaluate aggregate expressions in one scan."""
        found = self.query(f"SELECT {', '.join(expressions)} FROM {self.SOURCE}")
        # count_if of no rows is NULL.
        return [int(value or 0) for value in self._one(found)]

    def close(self) -> None:
        """Take back the view that queries leave on the connection of a relation."""
        if self.table is None:
            self._relation.query(_VIEW, f"DROP VIEW IF EXISTS {_VIEW}")

    def relation(self) -> duckdb.DuckDBPyRelation:
        """Return the rows as they came."""
        return self._relation

    def sample(self, where: str) -> list[dict[str, Any]]:
        """Return at most `SAMPLE_ROWS` rows that satisfy a predicate, with line or row number, masked."""
        names = list(self.own)
        numbered = "" if LINE in self.types else ", row_number() OVER () AS _row"
        first = [LINE] if LINE in self.types else ["_row"]
        shown = ", ".join(identifier(name) for name in [*first, *(name for name in names if name != LINE)])
        found = self.query(
            f"SELECT {shown} FROM (SELECT *{numbered} FROM {self.SOURCE}) WHERE {where} LIMIT {SAMPLE_ROWS}"
        )
        return self.masked(found)

    def batches(self, size: int) -> Iterator[pa.Table]:
        """Yield the rows as they came, so many at a time."""
        for batch in self._relation.to_arrow_reader(size):
            yield pa.Table.from_batches([batch])

    def masked(self, found: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
        """Fetch rows with long values cut and sensitive ones hidden."""
        hidden = {(prop.within or (prop.name,))[0] for prop in self._stated if prop.sensitive}
        rows = found.fetchall()
        return [
            {
                name: "•••" if name in hidden and value is not None else shortened(value)
                for name, value in zip(found.columns, row, strict=True)
            }
            for row in rows
        ]

    @staticmethod
    def _one(relation: duckdb.DuckDBPyRelation) -> tuple[Any, ...]:
        row = relation.fetchone()
        assert row is not None  # noqa: S101 - an aggregate without GROUP BY has one row
        return row


def as_relation(data: Any) -> duckdb.DuckDBPyRelation:
    """Return data as a relation; an Arrow table is read where it lies, without a copy."""
    if isinstance(data, duckdb.DuckDBPyRelation):
        return data
    if isinstance(data, pa.Table | pa.RecordBatch):
        if data.num_columns == 0:  # DuckDB takes no table without columns
            data = pa.table({"__dqm_no_columns": pa.nulls(data.num_rows)})
        return _scratch(os.getpid()).cursor().from_arrow(data)
    raise ContractError(f"cannot judge {type(data).__name__}; pass an Arrow table or a DuckDB relation")


@lru_cache(maxsize=1)
def _scratch(_process: int) -> duckdb.DuckDBPyConnection:
    """Return this process's DuckDB without a database: making one costs more than judging a small table."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def shortened(value: Any) -> Any:
    """Cut a long value for display; nested values become text."""
    if isinstance(value, dict | list | tuple):
        value = str(value)
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        value = value.hex()
    if isinstance(value, str) and len(value) > SAMPLE_TEXT:
        return value[:SAMPLE_TEXT] + "…"
    return value
