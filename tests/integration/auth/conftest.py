"""One server with sign-in for the tests of a module, and one user of each role."""

import os
import time
from collections.abc import Iterator

import psycopg
import pytest

from dqm_assets.accounts.user import ROLES
from dqm_assets.accounts.users import add_local_user
from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from tests.integration.auth.serving import PASSWORD, Site, site


@pytest.fixture(scope="module")
def users(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with a user for each role, named as the role."""
    database = f"auth_{os.getpid()}_{time.monotonic_ns()}"
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        postgres_url=postgres_server.replace("/postgres?", f"/{database}?"),
    )
    with open_store(settings) as store:
        for role in ROLES:
            add_local_user(store, role, role, PASSWORD, actor="test")
        yield store
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {database}_lake WITH (FORCE)")


@pytest.fixture(scope="module")
def guarded(users: Store) -> Iterator[Site]:
    """The server with sign-in."""
    with site(users, proxy_trusted="10.9.0.0/16") as running:
        yield running
