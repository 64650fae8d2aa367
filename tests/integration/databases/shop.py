"""A database of a shop on the test session's PostgreSQL, filled as far as a test wants."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from dqm_assets.sources.databases.source import DatabaseSource

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shop:
    """A database with a table ``orders``."""

    url: str

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql, parameters)  # ty: ignore[invalid-argument-type]

    def add_days(self, first: int, last: int, rows: int = 200) -> None:
        """Orders of some days, about so many each."""
        self.execute(
            "INSERT INTO orders SELECT 100000 * d + i, %s::timestamptz + d * interval '1 day'"
            " + i * interval '1 minute', 20 + ((i * 7919 + d * 31) %% 1000) / 100.0,"
            " CASE WHEN i %% 5 = 0 THEN NULL ELSE 'c' || (i %% 40) END, i %% 3 = 0"
            " FROM generate_series(%s, %s - 1) d, generate_series(1, %s + (d * 37) %% 11) i",
            [START, first, last, rows],
        )

    def source(self, **changes: Any) -> DatabaseSource:
        """The source of this database; changes are of its keys, or of its table's."""
        known = DatabaseSource.model_fields
        table = {"table": "public.orders", "freshness": "at"} | {
            name: value for name, value in changes.items() if name not in known
        }
        source = {"source": "shop", "url": self.url, "owner": "sales", "tables": [table]}
        return DatabaseSource.model_validate(
            source | {name: value for name, value in changes.items() if name in known}
        )


@contextmanager
def new_shop(server: str) -> Iterator[Shop]:
    """A database of its own, dropped in the end."""
    name = f"shop_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # ty: ignore[invalid-argument-type]
    shop = Shop(server.replace("/postgres?", f"/{name}?"))
    shop.execute(
        "CREATE TABLE orders (id bigint, at timestamptz, amount numeric(12, 2), customer text, paid boolean)"
    )
    yield shop
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # ty: ignore[invalid-argument-type]
