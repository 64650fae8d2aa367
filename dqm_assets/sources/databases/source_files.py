"""Reading ``sources/*.yaml``: every mistake with its line, and no secret in a file."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cronsim import CronSim, CronSimError
from pydantic import ValidationError

from dqm_assets.errors import SettingsError
from dqm_assets.quality.contracts.problem import Problem, nearest
from dqm_assets.settings import Settings
from dqm_assets.sources.databases.source import DatabaseSource
from dqm_assets.yaml_file import (
    REFERENCE,
    Steps,
    filled,
    mistake,
    problem_at,
    read_yaml,
    unset_references,
)

SUFFIX = ".yaml"
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SourceFile:
    """A file, what it says, and what is wrong with it; with problems there is no source."""

    path: Path
    source: DatabaseSource | None
    problems: tuple[Problem, ...] = ()


def source_files(settings: Settings, environment: Mapping[str, str] | None = None) -> list[SourceFile]:
    """Read every file of the sources folder, by name.

    Args:
        settings: where the folder is.
        environment: where ``${NAME}`` is looked up; the process's own when left out.
    """
    found: list[SourceFile] = []
    taken: dict[str, Path] = {}
    datasets: dict[str, Path] = {}
    for path in sorted(settings.sources_folder.glob(f"*{SUFFIX}")):
        one = check_source(path, environment)
        if one.source is not None:
            named = one.source
            if named.source in taken:
                one = _refused(path, f"the source {named.source!r} is in {taken[named.source].name} too")
            clash = [name for name in map(named.dataset_of, named.tables) if name in datasets]
            if clash:
                one = _refused(path, f"the dataset {clash[0]!r} is in {datasets[clash[0]].name} too")
        if one.source is not None:
            taken[one.source.source] = path
            datasets.update(dict.fromkeys(map(one.source.dataset_of, one.source.tables), path))
        found.append(one)
    return found


def load_sources(settings: Settings) -> list[DatabaseSource]:
    """The sources of the folder.

    Raises:
        SettingsError: every mistake in every file, one per line as ``file:line:column``.
    """
    files = source_files(settings)
    problems = [problem for one in files for problem in one.problems]
    if problems:
        raise SettingsError("\n".join(map(str, problems)))
    return [one.source for one in files if one.source is not None]


def find_source(settings: Settings, name: str) -> DatabaseSource:
    """The source of that name.

    Raises:
        SettingsError: there is none, or its file is wrong.
    """
    files = source_files(settings)
    for one in files:
        if one.source is not None and one.source.source == name:
            return one.source
    wrong = [str(problem) for one in files for problem in one.problems]
    known = nearest(name, [one.source.source for one in files if one.source])
    told = "".join(f"\n{line}" for line in wrong)
    raise SettingsError(f"There is no source {name!r} in {settings.sources_folder}{known}.{told}")


def check_source(path: Path, environment: Mapping[str, str] | None = None) -> SourceFile:
    """Read one file and list what is wrong with it."""
    environment = os.environ if environment is None else environment
    document, broken = read_yaml(path)
    if broken is not None:
        return SourceFile(path, None, (broken,))
    if not isinstance(document, dict):
        return _refused(path, "a source has keys: source, url, tables; see docs/databases.md")
    problems = [
        problem_at(document, str(path), steps, message) for steps, message in _secrets(document, environment)
    ]
    try:
        source = DatabaseSource.model_validate(_resolved(document, environment))
    except ValidationError as error:
        problems += [problem_at(document, str(path), *mistake(dict(found))) for found in error.errors()]
        return SourceFile(path, None, tuple(sorted(problems)))
    try:
        next(CronSim(source.schedule, _ANY_TIME))
    except (CronSimError, StopIteration):
        message = f"{source.schedule!r} is no cron expression"
        problems.append(problem_at(document, str(path), ("schedule",), message))
    return SourceFile(path, None if problems else source, tuple(sorted(problems)))


def _refused(path: Path, message: str) -> SourceFile:
    return SourceFile(path, None, (Problem(1, 1, "", message, file=str(path)),))


def _secrets(document: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[tuple[Steps, str]]:
    url = document.get("url")
    if not isinstance(url, str):
        return
    for message in unset_references(url, environment):
        yield ("url",), message
    password = _password(url)
    if password and not REFERENCE.search(password):
        yield (
            ("url",),
            "the url holds a password; write ${NAME} in its place and set the environment variable NAME",
        )


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:
        return None


def _resolved(document: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    url = document.get("url")
    return {**document, **({"url": _filled_url(url, environment)} if isinstance(url, str) else {})}


def _filled_url(url: str, environment: Mapping[str, str]) -> str:
    """The URL with its references filled in; what stands before the host may hold any sign."""
    before, at, after = url.rpartition("@")
    quoted_values = {name: quote(value, safe="") for name, value in environment.items()}
    return filled(before, quoted_values) + at + filled(after, environment)
