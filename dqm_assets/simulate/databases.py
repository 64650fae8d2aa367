"""Twelve sources with a month of data and known faults: databases, files, change logs, and two that fail.

Days are counted from the start of the data. What a source holds grows day by day, as a month passes.
"""

import math
import random
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from dqm_assets.sources.databases.source import DatabaseSource

FaultKind = Literal["drop", "surge", "nulls", "shift", "stopped", "late"]
DAY = timedelta(days=1)
_WEEKEND = 5
#: When everything is looked at.
_MORNING = time(6)
_COLUMNS = "id bigint, happened timestamp, amount double precision, customer varchar(20)"
Row = tuple[int, datetime, float, str | None]
Change = tuple[int, datetime, str]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with a table.

    Attributes:
        table: name of its dataset.
        kind: rows missing or too many, values missing or other, a change log that stops, a day that comes
            late.
        day: the day it happens to, counted from the beginning; it lasts ``days``.
    """

    table: str
    kind: FaultKind
    day: int
    days: int = 1

    @property
    def sign(self) -> tuple[str, str]:
        """Column and metric of the alert that it must open."""
        return {
            "drop": ("", "row_count"),
            "surge": ("", "row_count"),
            "stopped": ("", "row_count"),
            "nulls": ("customer", "null_fraction"),
            "shift": ("amount", "mean"),
            "late": ("happened", "freshness_seconds"),
        }[self.kind]


@dataclass(frozen=True)
class TableModel:
    """How a table grows.

    Attributes:
        kind: batch or cdc.
        rows: rows of a weekday, or changes of an hour at noon.
        weekend: share of it on Saturdays and Sundays.
    """

    dataset: str
    kind: Literal["batch", "cdc"] = "batch"
    rows: int = 300
    weekend: float = 1.0
    faults: Sequence[Fault] = field(default=())

    def day(self, start: date, number: int) -> list[Row]:
        """Rows of one day of a batch table; always the same."""
        moment = start + number * DAY
        dice = random.Random(f"{self.dataset} {number}")
        usual = self.rows * (self.weekend if moment.weekday() >= _WEEKEND else 1.0)
        amount = round(dice.gauss(usual, math.sqrt(usual)) * self._factor(number))
        nulls, shift = self._share_of_nulls(number), 1.5 if self._broken("shift", number) else 1.0
        begin = datetime.combine(moment, time())
        return [
            (
                number * 1_000_000 + place,
                begin + timedelta(seconds=86_399 * place / max(amount, 1)),
                round(dice.lognormvariate(3.0, 0.4) * shift, 2),
                None if dice.random() < nulls else f"c{dice.randrange(500)}",
            )
            for place in range(amount)
        ]

    def changes(self, start: date, number: int) -> list[Change]:
        """Changes of a change log from six in the morning of a day to the next; always the same."""
        dice = random.Random(f"{self.dataset} {number}")
        begin = datetime.combine(start + number * DAY, _MORNING)
        found: list[Change] = []
        for place_of_hour in range(24):
            hour = begin + timedelta(hours=place_of_hour)
            usual = self.rows * (0.6 - 0.4 * math.cos(2 * math.pi * (hour.hour - 1) / 24))
            amount = max(round(dice.gauss(usual, math.sqrt(usual))), 0)
            # A stop begins at ten in the morning and lasts eight hours.
            if self._broken("stopped", number) and 10 <= hour.hour < 18:
                amount = 0
            for place in range(amount):
                at = hour + timedelta(seconds=3_599 * place / max(amount, 1))
                found.append((number, at, dice.choices("IUD", (6, 3, 1))[0]))
        return found

    def _broken(self, kind: FaultKind, number: int) -> bool:
        return any(one.kind == kind and one.day <= number < one.day + one.days for one in self.faults)

    def is_late(self, number: int) -> bool:
        """Whether the rows of that day come a day and a half later than they should."""
        return self._broken("late", number)

    def _factor(self, number: int) -> float:
        if self._broken("drop", number):
            return 0.4
        return 2.2 if self._broken("surge", number) else 1.0

    def _share_of_nulls(self, number: int) -> float:
        return 0.35 if self._broken("nulls", number) else 0.02


class Home(ABC):
    """Where a table lives: it is made once, and takes the rows of day after day."""

    def __init__(self, source: DatabaseSource, models: Sequence[TableModel]) -> None:
        """Keep tables named as their datasets without the source's name."""
        self.source = source
        self.models = tuple(models)

    def short(self, model: TableModel) -> str:
        """Name of a table within its source."""
        return model.dataset.removeprefix(f"{self.source.source}_")

    @abstractmethod
    def make(self) -> None:
        """Make the tables."""

    @abstractmethod
    def add(self, model: TableModel, rows: Sequence[Row] | Sequence[Change]) -> None:
        """Add rows."""


class DatabaseHome(Home):
    """A database: its tables are made by statements, and others beside them."""

    #: What is made after the tables.
    also: Sequence[str] = ()

    def make(self) -> None:
        """Make the tables, and what else there is."""
        for model in self.models:
            columns = _COLUMNS if model.kind == "batch" else "id bigint, happened timestamp, op varchar(1)"
            self.execute(f"CREATE TABLE {self.short(model)} ({columns})")
        for statement in self.also:
            self.execute(statement)

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Run a statement of the data definition language."""


class PostgresHome(DatabaseHome):
    """A PostgreSQL database."""

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with psycopg.connect(self.source.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def add(self, model: TableModel, rows: Sequence[Row] | Sequence[Change]) -> None:
        """Add rows by COPY."""
        statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(self.short(model)))
        with (
            psycopg.connect(self.source.url) as connection,
            connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            for row in rows:
                copy.write_row(row)


class MySqlHome(DatabaseHome):
    """A MySQL or MariaDB database."""

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def add(self, model: TableModel, rows: Sequence[Row] | Sequence[Change]) -> None:
        """Add rows, many in a statement."""
        if rows:
            marks = ", ".join(["%s"] * len(rows[0]))
            with self._connected() as connection, connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {self.short(model)} VALUES ({marks})", rows)  # noqa: S608

    def _connected(self):
        import pymysql  # noqa: PLC0415 - an extra

        parts = urlsplit(self.source.url)
        return pymysql.connect(
            host=parts.hostname,
            port=parts.port or 3306,
            user=parts.username,
            password=parts.password or "",
            database=parts.path.lstrip("/"),
            autocommit=True,
        )


class SqliteHome(DatabaseHome):
    """A SQLite file."""

    @property
    def path(self) -> Path:
        """The file."""
        return Path(urlsplit(self.source.url).path.removeprefix("/"))

    def execute(self, statement: str) -> None:
        """Run a statement."""
        connection = sqlite3.connect(self.path)
        connection.execute(statement)
        connection.commit()
        connection.close()

    def add(self, model: TableModel, rows: Sequence[Row] | Sequence[Change]) -> None:
        """Add rows; times are text there."""
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection = sqlite3.connect(self.path)
            texts = [[row[0], row[1].isoformat(" "), *row[2:]] for row in rows]
            connection.executemany(f"INSERT INTO {self.short(model)} VALUES ({marks})", texts)  # noqa: S608
            connection.commit()
            connection.close()


class DuckDbHome(SqliteHome):
    """A DuckDB file."""

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(statement)

    def add(self, model: TableModel, rows: Sequence[Row] | Sequence[Change]) -> None:
        """Add rows by way of Arrow."""
        if rows:
            arrow = arrow_of(model, rows)
            with duckdb.connect(str(self.path)) as connection:
                connection.register("arrow", arrow)
                connection.execute(f"INSERT INTO {self.short(model)} FROM arrow")


class FolderHome(Home):
    """A folder with a Parquet file for each day, in a folder for each table."""

    def make(self) -> None:
        """Make the folders."""
        for model in self.models:
            (Path(self.source.url) / self.short(model)).mkdir(parents=True)

    def add(self, model: TableModel, rows: Sequence[Row] | Sequence[Change]) -> None:
        """Write a file."""
        if rows:
            file = Path(self.source.url) / self.short(model) / f"{rows[0][1]:%Y-%m-%d}.parquet"
            pq.write_table(arrow_of(model, rows), file)


@dataclass(frozen=True)
class Landscape:
    """Every source, and what goes wrong with their tables."""

    homes: tuple[Home, ...]
    #: Sources that cannot be asked at all, or not in time.
    failing: tuple[DatabaseSource, ...]
    faults: tuple[Fault, ...]
    start: date
    #: Days of history that the sources begin with.
    past: int = 60

    @property
    def sources(self) -> list[DatabaseSource]:
        """All sources."""
        return [*(home.source for home in self.homes), *self.failing]

    def pass_day(self, number: int) -> None:
        """Let a day pass: its rows come, and those of the day before that were late."""
        for home, model in self._tables():
            for day in (number - 1, number):
                if model.is_late(day) == (day == number - 1) and day >= 0:
                    home.add(model, self._rows(model, day))

    def begin(self) -> None:
        """Make everything, with the days of the past."""
        for home in self.homes:
            home.make()
        for home, model in self._tables():
            if isinstance(home, FolderHome):
                for day in range(self.past):
                    home.add(model, self._rows(model, day))
            else:
                home.add(model, self._past(model))

    def morning(self, number: int) -> datetime:
        """Six in the morning after that day."""
        return datetime.combine(self.start + (number + 1) * DAY, _MORNING, UTC)

    def _tables(self) -> Iterator[tuple[Home, TableModel]]:
        for home in self.homes:
            for model in home.models:
                yield home, model

    def _past(self, model: TableModel) -> Sequence[Row] | Sequence[Change]:
        if model.kind == "batch":
            return [row for day in range(self.past) for row in model.day(self.start, day)]
        return [change for day in range(self.past) for change in model.changes(self.start, day)]

    def _rows(self, model: TableModel, day: int) -> Sequence[Row] | Sequence[Change]:
        return model.day(self.start, day) if model.kind == "batch" else model.changes(self.start, day)


def arrow_of(model: TableModel, rows: Sequence[Row] | Sequence[Change]) -> pa.Table:
    """Rows of a table as Arrow."""
    last = ("amount", "customer") if model.kind == "batch" else ("op",)
    names = ("id", "happened", *last)
    columns = list(zip(*rows, strict=True))
    return pa.table({name: list(column) for name, column in zip(names, columns, strict=True)})
