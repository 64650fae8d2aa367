"""Dagster on an embedded PostgreSQL of its own, in a home of its own, reached through the environment."""

import os
from collections.abc import Iterator

import dagster as dg
import pytest

from dqm_assets.dagster_home import dagster_instance
from dqm_assets.defs.resources import process_store
from dqm_assets.ingest import Landing
from dqm_assets.settings import Settings, settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of this process, over an empty home; the store's embedded server runs meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("DQM_", "DAGSTER_"))]:
            patch.delenv(name)
        patch.setenv("DQM_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("DAGSTER_HOME", "")
        _forget()
        yield settings()
        process_store().close()
        _forget()


def _forget() -> None:
    process_store.cache_clear()
    settings.cache_clear()


@pytest.fixture(scope="module")
def landing(home: Settings) -> Landing:
    """The landing folder, with the detector's sub-folder and that of a dataset nobody declared."""
    landing = Landing(home.landing_folder)
    landing.add_dataset("detector")
    landing.add_dataset("orders")
    return landing


@pytest.fixture(scope="module")
def instance(home: Settings, landing: Landing) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance in the same PostgreSQL."""
    with dagster_instance(home) as opened:
        yield opened
