"""Every engine that can run here: the same rows give the same numbers, pushed down or by the kernel."""

import csv
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import psycopg
import pymysql
import pytest

from dqm_assets.sources.databases.connection import open_engine
from dqm_assets.sources.databases.engine import DatabaseError, Engine
from dqm_assets.sources.databases.measures import PUSHED_DOWN
from dqm_assets.sources.databases.scan import Scan, scan
from dqm_assets.sources.databases.source import DatabaseSource, WatchedTable
from tests.integration.databases.shop import START, Shop

NOW = START + timedelta(days=4)
ROWS = [
    (
        number,
        START + timedelta(minutes=9 * number),
        Decimal(number * 7919 % 1000 - 100) / 4 if number % 9 else None,
        (number * 31 % 100) / 8.0 if number % 11 else None,
        f"näme {number % 13}" if number % 7 else ("" if number % 2 else None),
        bool(number % 3) if number % 17 else None,
        (START + timedelta(days=number % 5)).date(),
        "IUD"[number % 3],
    )
    for number in range(500)
]
COLUMNS = (
    "id bigint, {at} {time}, price decimal(12, 2), weight double precision, name varchar(40), ok boolean, "
    "day date, op char(1)"
)
NAMES = {"id", "price", "weight", "name", "ok", "day", "op"}
QUOTED = '"at"'
MARKS = ", ".join(["%s"] * 8)

Make = Callable[[], DatabaseSource]


def plain(row: Sequence[Any]) -> list[Any]:
    """A row whose time has no zone, as most databases keep it."""
    return [value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row]


def postgres(url: str) -> DatabaseSource:
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE things ({COLUMNS.format(at='at', time='timestamptz')})")  # ty: ignore[invalid-argument-type]
        cursor.executemany(f"INSERT INTO things VALUES ({MARKS})", ROWS)  # ty: ignore[invalid-argument-type]
    return DatabaseSource(source="here", url=url)


def mysql(url: str) -> DatabaseSource:
    with pymysql.connect(
        host="127.0.0.1", port=urlsplit(url).port or 0, user="reader", password="secret", database="shop",
        autocommit=True,
    ) as connection, connection.cursor() as cursor:  # fmt: skip
        cursor.execute("DROP TABLE IF EXISTS things")
        cursor.execute(
            f"CREATE TABLE things ({COLUMNS.format(at='at', time='datetime(6)')}) CHARACTER SET utf8mb4"
        )
        cursor.executemany(f"INSERT INTO things VALUES ({MARKS})", [plain(row) for row in ROWS])
    return DatabaseSource(source="here", url=url)


def duckdb_file(folder: Path) -> DatabaseSource:
    path = folder / "things.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE things ({COLUMNS.format(at=QUOTED, time='timestamp')})")
        connection.executemany(
            "INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [plain(row) for row in ROWS]
        )
    return DatabaseSource(source="here", url=f"duckdb:///{path}")


def sqlite_file(folder: Path) -> DatabaseSource:
    path = folder / "things.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE things ({COLUMNS.format(at=QUOTED, time='timestamp')})")
    for row in ROWS:
        written = [value.isoformat(" ") if isinstance(value, datetime) else value for value in plain(row)]
        texts = [str(value) if isinstance(value, Decimal | date) else value for value in written]
        connection.execute("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, ?, ?)", texts)
    connection.commit()
    connection.close()
    return DatabaseSource(source="here", url=f"sqlite:///{path}")


def parquet_folder(folder: Path) -> DatabaseSource:
    found = duckdb_file(folder)
    (folder / "lake" / "things").mkdir(parents=True)
    with duckdb.connect(found.url.removeprefix("duckdb:///")) as connection:
        for part in range(2):
            target = folder / "lake" / "things" / f"part{part}.parquet"
            connection.execute(f"COPY (FROM things WHERE id % 2 = {part}) TO '{target}'")
    return DatabaseSource(source="here", url=str(folder / "lake"))


def csv_folder(folder: Path) -> DatabaseSource:
    (folder / "lake").mkdir()
    with (folder / "lake" / "things.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "at", "price", "weight", "name", "ok", "day", "op"])
        writer.writerows([["" if value is None else value for value in plain(row)] for row in ROWS])
    return DatabaseSource(source="here", url=str(folder / "lake"))


@pytest.fixture(params=["postgresql", "mysql", "duckdb", "sqlite", "parquet", "csv"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[DatabaseSource, str]:
    """A source of each kind with the same rows, and the name of its table."""
    match request.param:
        case "postgresql":
            shop: Shop = request.getfixturevalue("shop")
            return postgres(shop.url), "public.things"
        case "mysql":
            return mysql(request.getfixturevalue("mariadb")), "shop.things"
        case "duckdb":
            return duckdb_file(tmp_path), "main.things"
        case "sqlite":
            return sqlite_file(tmp_path), "main.things"
        case "parquet":
            return parquet_folder(tmp_path), "things"
    return csv_folder(tmp_path), "things.csv"


def looked(engine: Engine, source: DatabaseSource, **options: Any) -> Scan:
    watched = WatchedTable(freshness="at", **options)
    return scan(engine, source.type, watched, None, NOW)


def test_all_engines_say_the_same_and_so_does_the_kernel(made: tuple[DatabaseSource, str]) -> None:
    source, table = made
    engine = open_engine(source)
    try:
        assert table in [found.name for found in engine.tables()]
        pushed = looked(engine, source, table=table, distinct="exact")
        kernel = looked(engine, source, table=table, profile="kernel")
        assert [(one.start, one.rows) for one in pushed.periods] == [
            (START + timedelta(days=day), rows) for day, rows in enumerate((160, 160, 160, 20))
        ]
        assert pushed.newest == ROWS[-1][1]
        for one, other in zip(pushed.periods, kernel.periods, strict=True):
            assert (one.start, one.rows, one.newest) == (other.start, other.rows, other.newest)
            assert set(one.columns) == set(other.columns) == NAMES
            for column, numbers in one.columns.items():
                same = {metric: other.columns[column].get(metric) for metric in numbers}
                assert same == pytest.approx(numbers, rel=1e-9), (one.start, column)
        day = [row for row in ROWS if row[1] < START + timedelta(days=1)]
        prices = [float(row[2]) for row in day if row[2] is not None]
        numbers = pushed.periods[0].columns["price"]
        assert set(PUSHED_DOWN["number"]) <= set(numbers)
        assert numbers["null_count"] == len(day) - len(prices)
        assert numbers["mean"] == pytest.approx(sum(prices) / len(prices))
        assert numbers["distinct_count"] == len(set(prices))
        # SQLite keeps a truth as a number.
        true = "sum" if source.type == "sqlite" else "true_count"
        assert pushed.periods[0].columns["ok"][true] == sum(bool(row[5]) for row in day)
    finally:
        engine.close()


def test_a_change_log_gives_hourly_rates(made: tuple[DatabaseSource, str]) -> None:
    source, table = made
    engine = open_engine(source)
    try:
        found = looked(engine, source, table=table, kind="cdc", operation={"column": "op"})
    finally:
        engine.close()

    assert len(found.periods) == 75
    first = found.periods[0]
    assert (first.start, first.rows) == (START, 7)
    assert first.operations == {"inserts": 3, "updates": 2, "deletes": 2}
    assert sum(sum(one.operations.values()) for one in found.periods) == 500


def test_a_sample_states_its_error_and_a_snapshot_needs_no_time(made: tuple[DatabaseSource, str]) -> None:
    source, table = made
    engine = open_engine(source)
    try:
        sampled = looked(engine, source, table=table, sample={"fraction": 0.5})
        whole = scan(engine, source.type, WatchedTable(table=table), None, NOW)
        with pytest.raises(DatabaseError, match="no "):
            looked(engine, source, table="main.nothing" if source.type != "files" else "nothing")
    finally:
        engine.close()

    assert 0.02 < sampled.error < 0.6
    assert 250 < sampled.rows < 750
    assert [(one.start, one.rows) for one in whole.periods] == [(NOW, 500)]
    assert whole.periods[0].columns["id"]["max"] == 499


def test_sessions_are_read_only_and_end_what_takes_too_long(shop: Shop, mariadb: str, tmp_path: Path) -> None:
    mysql(mariadb)
    slow = {"statement_timeout": "1s", "source": "here"}
    for url, table in ((mariadb, "shop.things"), (shop.url, "public.orders")):
        engine = open_engine(DatabaseSource.model_validate({"url": url, **slow}))
        name = engine.table(table)
        try:
            with pytest.raises(DatabaseError) as refused:
                engine._fetched("DELETE FROM things") if url == mariadb else engine._arrow(
                    "DELETE FROM orders"
                )
            assert refused.value.code == "refused"
            with pytest.raises(DatabaseError) as late:
                engine._fetched("SELECT sleep(30) FROM things") if url == mariadb else engine._arrow(
                    "SELECT pg_sleep(30)"
                )
            assert late.value.code == "timeout"
            assert engine.query(name.count().as_table()).num_rows == 1, "the next question is answered"
        finally:
            engine.close()


def test_a_dead_port_is_unreachable() -> None:
    for scheme in ("postgresql", "mysql"):
        with pytest.raises(DatabaseError) as found:
            open_engine(DatabaseSource(source="dead", url=f"{scheme}://u@127.0.0.1:9/x")).tables()
        assert found.value.code == "unreachable"


def test_the_future_is_not_believed(shop: Shop) -> None:
    shop.add_days(0, 2)
    shop.execute("INSERT INTO orders VALUES (1, '2999-01-01', 1, 'x', true)")
    engine = open_engine(DatabaseSource(source="here", url=shop.url))
    found = scan(engine, "postgresql", WatchedTable(table="public.orders", freshness="at"), None, NOW)
    engine.close()

    assert found.newest is not None
    assert found.newest < datetime(2026, 3, 3, tzinfo=UTC)
