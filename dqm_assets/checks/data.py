"""Where the rows of an asset are: a function, a relation, SQL, a file, or a table of dqm's store."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from dqm_assets.errors import SourceError
from dqm_assets.store.names import quoted_table

if TYPE_CHECKING:
    from dqm_assets.store import Store

Rows = pa.Table | duckdb.DuckDBPyRelation
#: Gives the rows of a partition; of everything, when the partition is None.
Loader = Callable[[str | None], Rows]

PARTITION = "partition"


@dataclass(frozen=True)
class Sql:
    """Rows that a query gives; ``$partition`` in it is the partition's key."""

    query: str
    #: DuckDB file that the query reads, opened read-only; a database in memory when left out, which can
    #: still read files by ``read_parquet`` and the like.
    database: Path | None = None


@dataclass(frozen=True)
class StoreTable:
    """Rows of a raw table of dqm's store; a partition is a run (``_run_id``) of it."""

    #: Qualified name, such as ``raw.orders``.
    name: str


@dataclass(frozen=True)
class File:
    """Rows of a CSV or Parquet file; ``{partition}`` in the path is the partition's key."""

    path: Path


Data = Sql | StoreTable | File | Rows | Callable[..., Rows] | str | Path


@dataclass(frozen=True)
class Source:
    """Rows of an asset, ready to be asked for."""

    load: Loader
    #: Table of the store that the rows come from; empty when they come from elsewhere.
    table: str = ""


def source_of(
    data: Data, columns: Callable[[], Mapping[str, pa.DataType]], store: "Callable[[], Store]"
) -> Source:
    """Understand where the rows are.

    A text is a raw table (``raw.orders``), a query (it begins with SELECT, WITH or FROM), or a path.

    Args:
        data: as the user said it.
        columns: gives the types to read text files as.
        store: opens dqm's store, when the rows are there.

    Raises:
        SourceError: the text is none of these.
    """
    if isinstance(data, str):
        data = _understood(data)
    match data:
        case Path() | File():
            path = data.path if isinstance(data, File) else data
            return Source(lambda partition: _file(path, partition, columns()))
        case Sql():
            return Source(lambda partition: _queried(data, partition))
        case StoreTable(name):
            return Source(lambda partition: _stored(store(), name, partition), name)
        case pa.Table() | duckdb.DuckDBPyRelation():
            return Source(lambda _: data)
    if not callable(data):
        raise SourceError(f"a {type(data).__name__} holds no rows; pass a function, a table, SQL or a path")
    return Source(data if _takes_partition(data) else lambda _: data())


def _understood(text: str) -> Sql | StoreTable | File:
    first = text.strip().split(maxsplit=1)[0].casefold() if text.strip() else ""
    if first in {"select", "with", "from"}:
        return Sql(text)
    if first.startswith("raw.") and first == text.strip().casefold():
        return StoreTable(text.strip())
    if text.casefold().removesuffix(".gz").endswith((".csv", ".tsv", ".txt", ".parquet")):
        return File(Path(text))
    raise SourceError(
        f"{text!r} is no raw table (raw.…), no query (SELECT …) and no CSV or Parquet path; say which it is"
    )


def _takes_partition(load: Callable[..., Any]) -> bool:
    return bool(inspect.signature(load).parameters)


def _file(path: Path, partition: str | None, columns: Mapping[str, pa.DataType]) -> Rows:
    from dqm_assets.ingest import read_file  # noqa: PLC0415 (only files need the readers)

    written = str(path)
    if "{partition}" in written:
        if partition is None or "/" in partition or ".." in partition:
            raise SourceError(f"{path} needs a partition key that is a file name; this one is {partition!r}")
        written = written.replace("{partition}", partition)
    if written.casefold().endswith(".parquet"):
        # Stays in the file: a large one is judged a million rows at a time.
        if not Path(written).exists():
            raise SourceError(f"{written} is not there")
        return duckdb.connect().read_parquet(written)
    parsed = read_file(Path(written), columns=dict(columns))
    if parsed.rejects:
        first = parsed.rejects[0]
        raise SourceError(
            f"{written}: {len(parsed.rejects)} of {parsed.rows_in} rows cannot be read; "
            f"the first is line {first.line}: {first.reason}"
        )
    return parsed.table


def _queried(sql: Sql, partition: str | None) -> Rows:
    connection = (
        duckdb.connect(str(sql.database), read_only=True) if sql.database is not None else duckdb.connect()
    )
    try:
        wanted = {PARTITION: partition} if f"${PARTITION}" in sql.query else None
        return connection.execute(sql.query, wanted).to_arrow_table()
    except duckdb.Error as error:
        raise SourceError(f"the query {sql.query!r} fails: {error}") from error
    finally:
        connection.close()


def _stored(store: "Store", name: str, partition: str | None) -> Rows:
    where = "" if partition is None else " WHERE _run_id = ?"
    listed = f"SELECT * EXCLUDE (_run_id, _loaded_at) FROM {quoted_table(name)}{where}"  # noqa: S608 - quoted
    return store.query(listed, None if partition is None else [partition])
