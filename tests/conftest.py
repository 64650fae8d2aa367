"""Fixtures for every test: real data, a home of its own, a store on a real PostgreSQL."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from dqm_assets.store.embedded import EmbeddedPostgres

# A slow machine is no failure: nothing here asserts how long something takes.
hypothesis_settings.register_profile("dqm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("dqm")

_SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Path of a file or folder of real data, by its name; the test is skipped where it is absent."""

    def find(name: str) -> Path:
        path = _SHARED / name
        if not path.exists():
            pytest.skip(f"no real data {name} here")
        return path

    return find


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL that lives as long as the test session."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("server") / "postgres")
    server.join()
    with psycopg.connect(server.url, autocommit=True) as connection:
        # These databases need not outlive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.url
    server.leave()


@pytest.fixture(scope="session")
def empty_store(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of the databases of a store with every table and no row, to be copied for each test."""
    name = "empty"
    home = tmp_path_factory.mktemp("empty")
    open_store(Settings(home=home, postgres_url=_named(postgres_server, name))).close()
    return name


@pytest.fixture
def settings(
    postgres_server: str, empty_store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings with a home of their own and databases of their own on the session's PostgreSQL."""
    for name in [name for name in os.environ if name.startswith("DQM_")]:
        monkeypatch.delenv(name)
    database = f"test_{uuid.uuid4().hex[:12]}"
    made = Settings(home=tmp_path / "home", postgres_url=_named(postgres_server, database))
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for part in ("lake", "dagster"):
            connection.execute(f"CREATE DATABASE {database}_{part} TEMPLATE {empty_store}_{part}")
    with psycopg.connect(_named(postgres_server, f"{database}_lake")) as connection:
        connection.execute(
            "UPDATE ducklake_metadata SET value = %s WHERE key = 'data_path'",
            [f"{Path(made.store_location).absolute()}/"],
        )
    yield made
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for part in ("lake", "dagster"):
            connection.execute(f"DROP DATABASE IF EXISTS {database}_{part} WITH (FORCE)")


def _named(url: str, database: str) -> str:
    return url.replace("/postgres?", f"/{database}?")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A fresh store with every table."""
    opened = open_store(settings)
    yield opened
    opened.close()
