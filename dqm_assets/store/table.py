"""How a table of the store is declared: columns, types, key, sort order, retention."""

from dataclasses import dataclass

#: SQL types used below; times are UTC.
TEXT, BIG, REAL, TIME, JSON, FLAG, BYTES, DAY = (
    "VARCHAR",
    "BIGINT",
    "DOUBLE",
    "TIMESTAMPTZ",
    "JSON",
    "BOOLEAN",
    "BLOB",
    "DATE",
)


@dataclass(frozen=True)
class Column:
    """One column: its name and its DuckDB type."""

    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """One table of the store.

    Attributes:
        name: ``schema.table``.
        columns: in order, key columns first.
        key: columns that make a row unique; empty for an append-only table. DuckLake has no
            primary keys: only `Transaction.upsert` under the table's lock keeps the key unique.
        sort: columns that rows are ordered by within a data file, for pruning.
        time: column whose age decides when a row is removed; empty: rows are kept for good.
        run: column that names the run of a row whose time is the data's own. Such a row stays as long as
            its run does: a year of history that was loaded today is not old.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    time: str = ""
    run: str = ""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)


def declare(
    name: str, key: str, columns: dict[str, str], *, sort: str = "", time: str = "", run: str = ""
) -> Table:
    """Declare a table.

    Args:
        name: ``schema.table``.
        key: names of the key columns, separated by blanks; text unless ``columns`` says otherwise.
        columns: type of each column.
        sort: names of the columns to sort by; the key when left out.
        time: column whose age decides when a row is removed.
        run: column that names the run with which a row stays.
    """
    keys = tuple(key.split())
    declared = {**dict.fromkeys(keys, TEXT), **columns}
    return Table(
        name,
        tuple(Column(column, kind) for column, kind in declared.items()),
        keys,
        tuple(sort.split()) or keys,
        time,
        run,
    )
