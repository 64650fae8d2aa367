"""Dagster's home under ``DQM_HOME``: the instance file, and the instance itself."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dqm_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

#: The files that ship beside the packages.
INSTANCE_FILE = Path(__file__).parent.parent / "dagster.yaml"
WORKSPACE_FILE = Path(__file__).parent.parent / "workspace.yaml"


def prepare_dagster_home(settings: Settings) -> Path:
    """Make the folder that ``DAGSTER_HOME`` must name, with the current instance file in it.

    Args:
        settings: Where everything is.
    """
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(INSTANCE_FILE, home / INSTANCE_FILE.name)
    return home


@contextmanager
def dagster_instance(settings: Settings) -> "Generator[dg.DagsterInstance]":
    """Open Dagster's instance, in the PostgreSQL of the store.

    Args:
        settings: Where everything is.
    """
    import dagster as dg  # noqa: PLC0415

    os.environ["DAGSTER_HOME"] = str(prepare_dagster_home(settings))
    with dg.DagsterInstance.get() as instance:
        yield instance
