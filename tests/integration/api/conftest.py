"""The real server over a seeded store, on loopback."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest
import uvicorn

from dash_app.app import create_app
from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from tests.e2e.seed import seed
from tests.e2e.seeder import Seeder


@dataclass(frozen=True)
class Api:
    """A client of the running server, and the store behind it."""

    client: httpx.Client
    store: Store
    seeder: Seeder

    def get(self, path: str, expect: int = 200, **params: object) -> httpx.Response:
        answer = self.client.get(path, params=params or None)
        assert answer.status_code == expect, answer.text
        return answer


@pytest.fixture(scope="module")
def api(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The server over a store of this module's own."""
    database = f"api_{os.getpid()}_{time.monotonic_ns()}"
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        postgres_url=postgres_server.replace("/postgres?", f"/{database}?"),
    )
    store = open_store(settings)
    seeder = seed(store)
    server = uvicorn.Server(uvicorn.Config(create_app(store, settings), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield Api(client, store, seeder)
    server.should_exit = True
    thread.join(20)
    store.close()
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for part in ("lake", "dagster"):
            connection.execute(f"DROP DATABASE IF EXISTS {database}_{part} WITH (FORCE)")
