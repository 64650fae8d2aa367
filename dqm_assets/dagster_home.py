"""Dagster's home under ``DQM_HOME``: the instance file, and the instance itself."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from ruamel.yaml import YAML

from dqm_assets.errors import SettingsError, SourceError
from dqm_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

#: The files that ship beside the packages.
INSTANCE_FILE = Path(__file__).parent.parent / "dagster.yaml"
WORKSPACE_FILE = Path(__file__).parent.parent / "workspace.yaml"
#: What replaces parts of the instance file when runs go to workers over a broker.
_WORKERS_FILE = Path(__file__).parent.parent / "dagster.celery.yaml"
#: Name of the code location, as in the workspace file.
CODE_LOCATION = "dqm"

_RELOAD = """
    mutation Reload($name: String!) {
        reloadRepositoryLocation(repositoryLocationName: $name) { __typename ... on PythonError { message } }
    }
"""


def prepare_dagster_home(settings: Settings) -> Path:
    """Make the folder that ``DAGSTER_HOME`` must name, with the current instance file in it.

    Args:
        settings: Where everything is, and whether runs go to workers.

    Raises:
        SettingsError: runs shall go to workers, and what that takes is not installed.
    """
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    if settings.celery_broker is None:
        shutil.copyfile(INSTANCE_FILE, home / INSTANCE_FILE.name)
    else:
        if find_spec("dagster_celery") is None:
            raise SettingsError("DQM_CELERY_BROKER is set: run pip install 'dqm[celery]', or unset it.")
        yaml = YAML(typ="safe")
        parts = {**yaml.load(INSTANCE_FILE), **yaml.load(_WORKERS_FILE)}
        # Replaced whole: other processes of this home may be reading it.
        fresh = home / f"{INSTANCE_FILE.name}.{os.getpid()}"
        yaml.dump(parts, fresh)
        fresh.replace(home / INSTANCE_FILE.name)
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


def reload_code_location(settings: Settings) -> None:
    """Have Dagster's web server load the code location again, as its Reload button does.

    Args:
        settings: Where the web server is.

    Raises:
        SourceError: the web server does not answer, or refuses.
    """
    advice = "Press Deployment → Reload in Dagster's UI to make their assets."
    body = {"query": _RELOAD, "variables": {"name": CODE_LOCATION}}
    try:
        answer = httpx.post(f"{settings.dagster_url}/graphql", json=body, timeout=30.0)
        answer.raise_for_status()
        outcome = answer.json()["data"]["reloadRepositoryLocation"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"Dagster at {settings.dagster_url} cannot be asked to reload: {error}. {advice}"
        ) from error
    if outcome["__typename"] != "WorkspaceLocationEntry":
        raise SourceError(
            f"Dagster did not reload: {outcome.get('message', outcome['__typename'])}. {advice}"
        )
