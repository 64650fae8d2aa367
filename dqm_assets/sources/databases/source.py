"""What a file in ``sources/`` says: where a database is, how gently it is asked, which tables are watched."""

import re
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dqm_assets.ingest import table_name
from dqm_assets.quality.durations import read_span

#: What can be asked, and how it is spelled in SQL.
SourceType = Literal[
    "postgresql",
    "mysql",
    "sqlite",
    "duckdb",
    "files",
    "snowflake",
    "bigquery",
    "trino",
    "spark",
    "databricks",
]
#: Batch tables are counted by day, change logs (CDC) by hour.
TableKind = Literal["batch", "cdc"]
#: ``pushdown``: the engine computes, rows stay there. ``kernel``: rows are streamed and profiled here.
ProfileMode = Literal["pushdown", "kernel", "none"]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PERIODS: dict[TableKind, timedelta] = {"batch": DAY, "cdc": HOUR}

_SCHEMES: dict[str, SourceType] = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "trino": "trino",
    "spark": "spark",
    "databricks": "databricks",
    "s3": "files",
    "": "files",
    "file": "files",
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Span = Annotated[timedelta, BeforeValidator(read_span)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tls(_Part):
    """How the connection is secured; left out, PostgreSQL and MySQL use TLS when the server offers it."""

    #: ``verify`` also checks the server's name and certificate, ``require`` only encrypts.
    mode: Literal["verify", "require", "off"] = "verify"
    #: Files of the authority, and of a certificate and key of one's own.
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


class Sample(_Part):
    """Only a share of the rows is looked at; counts are scaled up, and their error is told."""

    fraction: float = Field(gt=0.0, lt=1.0)


class Operation(_Part):
    """Which values of a column of a change log are inserts, updates and deletes."""

    column: str
    insert: tuple[str, ...] = ("I", "c", "r", "insert", "INSERT")
    update: tuple[str, ...] = ("U", "u", "update", "UPDATE")
    delete: tuple[str, ...] = ("D", "d", "delete", "DELETE")


class WatchedTable(_Part):
    """One table and how it is watched."""

    #: ``schema.table``, or the folder (or pattern) of files.
    table: str = Field(min_length=1)
    kind: TableKind = "batch"
    #: Column that dates a row: a date, a time, text in ISO 8601, or seconds since 1970. Without one a batch
    #: table is looked at as it is at each run.
    freshness: str | None = None
    operation: Operation | None = None
    #: Name of the dataset; made from source and table when left out.
    dataset: str | None = None
    owner: str | None = None
    #: Columns that are measured; none when left empty, all but the freshness column when left out.
    columns: tuple[str, ...] | None = None
    profile: ProfileMode = "pushdown"
    #: Rows never leave the engine: no kernel profile, and no clause of a contract is judged.
    keep_rows_there: bool = False
    #: Distinct values: ``approximate`` where the engine can (else exact), or not at all.
    distinct: Literal["approximate", "exact", "none"] = "approximate"
    sample: Sample | None = None
    #: Periods before the watermark that are counted again for rows that come late.
    look_back: int = Field(default=3, ge=0, le=366)
    #: How far the first run looks back.
    history: Span = timedelta(days=90)
    #: How long after the end of a period its rows may still come.
    settle: Span = timedelta(minutes=5)
    #: Largest age of the newest row; a contract's latency, or what is usual, when left out.
    max_age: Span | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind == "cdc" and self.freshness is None:
            raise ValueError("a cdc table needs freshness: the column with the time of a change")
        if self.kind == "cdc" and self.sample is not None:
            raise ValueError("rates of a cdc table are counted, not sampled: leave out sample")
        if self.keep_rows_there and self.profile == "kernel":
            raise ValueError("profile: kernel reads rows, which keep_rows_there forbids")
        if self.operation is not None and self.kind != "cdc":
            raise ValueError("operation belongs to kind: cdc")
        return self

    @property
    def period(self) -> timedelta:
        """What rows are counted by."""
        return PERIODS[self.kind]


class DatabaseSource(_Part):
    """One database, warehouse or folder of files."""

    #: Name: small letters, digits and ``_``.
    source: str
    #: ``postgresql://user:${PASSWORD}@host/database`` and the like, a folder, or ``s3://bucket/prefix``.
    url: str = Field(repr=False, min_length=1)
    owner: str = ""
    #: Cron expression of its runs.
    schedule: str = "*/15 * * * *"
    enabled: bool = True
    #: Whether its data is made up.
    simulated: bool = False
    tls: Tls | None = None
    #: Connections, and so tables asked at once.
    connections: int = Field(default=2, ge=1, le=64)
    connect_timeout: Span = timedelta(seconds=10)
    statement_timeout: Span = timedelta(seconds=60)
    #: Tries of a query that failed for a reason that may pass.
    attempts: int = Field(default=3, ge=1, le=10)
    #: Failures in a row after which the source is left alone for `rest`.
    failures: int = Field(default=5, ge=1)
    rest: Span = timedelta(minutes=5)
    tables: tuple[WatchedTable, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not _NAME.fullmatch(self.source):
            raise ValueError("a source's name is small letters, digits and _, a letter first")
        if urlsplit(self.url).scheme.split("+")[0] not in _SCHEMES:
            known = ", ".join(sorted(filter(None, _SCHEMES)))
            raise ValueError(f"the url's scheme is none of {known}, and it is no folder")
        names = [self.dataset_of(table) for table in self.tables]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two tables are the dataset {min(twice)!r}: give one a dataset of its own")
        return self

    @property
    def type(self) -> SourceType:
        """What is behind the URL."""
        return _SCHEMES[urlsplit(self.url).scheme.split("+")[0]]

    @property
    def address(self) -> str:
        """The URL without its password and options, for people."""
        parts = urlsplit(self.url)
        if not parts.netloc:
            return self.url
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def dataset_of(self, table: WatchedTable) -> str:
        """Name of a table's dataset: ``shop_orders`` for table ``public.orders`` of ``shop``."""
        if table.dataset:
            return table.dataset
        short = table.table.rpartition("/")[2] if self.type == "files" else table.table.rpartition(".")[2]
        return table_name(f"{self.source}_{short.partition('*')[0] or table.table}")

    def owner_of(self, table: WatchedTable) -> str:
        """Who is told of a table."""
        return table.owner or self.owner
