"""A detector pipeline on a fresh store, and the same over shared simulated files."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from dqm_assets.ingest import Landing
from dqm_assets.pipeline.datasets import DETECTOR, find_dataset
from dqm_assets.settings import Settings
from dqm_assets.store import open_store
from tests.integration.pipeline.platform import Platform

NewPlatform = Callable[..., Platform]


@contextmanager
def _fresh(server: str, home: os.PathLike, dataset: str) -> Iterator[Platform]:
    database = f"test_{uuid.uuid4().hex[:12]}"
    settings = Settings(home=home, postgres_url=server.replace("/postgres?", f"/{database}?"))
    with open_store(settings) as store:
        yield Platform(Landing(settings.landing_folder), store, find_dataset(settings, dataset))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {database}_lake WITH (FORCE)")


@pytest.fixture(scope="module")
def new_platform(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewPlatform]:
    """Makes a platform with a home and a store of its own, which live as long as the module's tests."""
    with ExitStack() as stack:

        def make(dataset: str = DETECTOR) -> Platform:
            home = tmp_path_factory.mktemp("home")
            return stack.enter_context(_fresh(postgres_server, home, dataset))

        yield make


@pytest.fixture
def platform(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A detector pipeline of one test's own."""
    with _fresh(postgres_server, tmp_path_factory.mktemp("home"), DETECTOR) as made:
        yield made
