"""Configuration in YAML files: read safely, each mistake with its line, secrets only from the environment."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from dqm_assets.errors import SettingsError
from dqm_assets.quality.contracts.problem import Problem

#: ``${NAME}``: filled in from the environment variable of that name.
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

#: Keys and list positions that lead to a part of a document.
Steps = tuple[str | int, ...]


def read_yaml(path: Path) -> tuple[Any, Problem | None]:
    """The document in a file and ``None``, or ``None`` and why it is no YAML.

    Raises:
        SettingsError: the file cannot be read at all.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}); mend or remove it.") from None
    try:
        return YAML().load(text), None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return None, Problem(line, column, "", f"broken YAML: {error.problem}", file=str(path))
    except (YAMLError, RecursionError) as error:
        return None, Problem(1, 1, "", f"broken YAML: {error}", file=str(path))


def position(document: Any, steps: Steps) -> tuple[int, int]:
    """Line and column, from 1, of the innermost part of the document that the steps lead to."""
    line, column, here = 0, 0, document
    for step in steps:
        try:
            known = here.lc.data.get(step)
            here = here[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
        if known:
            line, column = known[0], known[1]
    return line + 1, column + 1


def problem_at(document: Any, file: str, steps: Steps, message: str) -> Problem:
    """A problem with the place in the document that the steps lead to."""
    line, column = position(document, steps)
    return Problem(line, column, ".".join(map(str, steps)), message, file=file)


def mistake(found: Mapping[str, Any]) -> tuple[Steps, str]:
    """Where and what one of pydantic's errors is; URLs may hold a secret and are never repeated."""
    steps: Steps = tuple(found["loc"])
    if found["type"] == "extra_forbidden":
        return steps, f"the key {steps[-1]!r} is not known here"
    if found["type"] == "missing":
        return steps, f"the key {steps[-1]!r} is missing"
    message = found["msg"].removeprefix("Value error, ")
    shown = steps and steps[-1] != "url" and not isinstance(found["input"], dict | list)
    told = f" ({found['input']!r})" if shown else ""
    return steps, f"{message[:1].lower()}{message[1:]}{told}"


def unset_references(text: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Say of each ``${NAME}`` in a text whose variable is not set how to mend it."""
    for name in REFERENCE.findall(text):
        if not environment.get(name):
            yield f"${{{name}}} is not set; set the environment variable {name}"


def filled(text: str, environment: Mapping[str, str]) -> str:
    """The text with its references filled in; ``unset`` where the variable is not set."""
    return REFERENCE.sub(lambda found: environment.get(found[1]) or "unset", text)
