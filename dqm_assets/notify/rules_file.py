"""Reading notifications.yaml: every mistake with its line, secrets only from the environment."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dqm_assets.errors import SettingsError
from dqm_assets.notify.channel import holds_secret, is_understood
from dqm_assets.notify.rules import Channel, Match, Route, Rules
from dqm_assets.notify.schedule import never_disturbs
from dqm_assets.quality.contracts.problem import Problem, nearest
from dqm_assets.settings import Settings
from dqm_assets.yaml_file import REFERENCE, Steps, filled, mistake, problem_at, read_yaml, unset_references

FILE_NAME = "notifications.yaml"
_BETWEEN_URLS = re.compile(r"[,\s]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")


@dataclass(frozen=True)
class Checked:
    """What a file says, and what is wrong with it; with problems there are no rules."""

    rules: Rules | None
    problems: tuple[Problem, ...]


def rules_path(settings: Settings) -> Path | None:
    """The file that counts: ``DQM_NOTIFICATIONS``, else one in the home, else one beside contracts/."""
    if settings.notifications is not None:
        return settings.notifications
    places = (settings.home.absolute() / FILE_NAME, settings.contracts.parent / FILE_NAME)
    return next((place for place in places if place.is_file()), None)


def load_rules(settings: Settings) -> Rules:
    """The rules of this home: those of the file, and a route to each of ``DQM_NOTIFY_URLS``.

    Raises:
        SettingsError: every mistake, one per line as ``file:line:column``.
    """
    path = rules_path(settings)
    checked = check_rules(path) if path is not None else Checked(Rules(), ())
    if checked.rules is None:
        raise SettingsError("\n".join(map(str, checked.problems)))
    return _with_default_route(checked.rules, settings.notify_urls)


def check_rules(path: Path, environment: Mapping[str, str] | None = None) -> Checked:
    """Read a file and list what is wrong with it.

    Args:
        path: the file.
        environment: where ``${NAME}`` is looked up; the process's own when left out.

    Raises:
        SettingsError: the file cannot be read at all.
    """
    document, broken = read_yaml(path)
    if broken is not None:
        return Checked(None, (broken,))
    return _check(document or {}, str(path), os.environ if environment is None else environment)


def _check(document: Any, file: str, environment: Mapping[str, str]) -> Checked:
    problem = partial(problem_at, document, file)
    problems = [problem(steps, message) for steps, message in _references(document, environment)]
    try:
        rules = Rules.model_validate(_resolved(document, environment))
    except ValidationError as error:
        problems += [problem(*mistake(dict(found))) for found in error.errors()]
        return Checked(None, tuple(sorted(problems)))
    problems += [problem(steps, message) for steps, message in _mistakes(document, rules)]
    return Checked(None if problems else rules, tuple(sorted(problems)))


def _channel_urls(document: Any) -> Iterator[tuple[str, str]]:
    channels = document.get("channels") if isinstance(document, dict) else None
    for name, channel in channels.items() if isinstance(channels, dict) else ():
        if isinstance(channel, dict) and isinstance(channel.get("url"), str):
            yield name, channel["url"]


def _references(document: Any, environment: Mapping[str, str]) -> Iterator[tuple[Steps, str]]:
    for name, url in _channel_urls(document):
        for message in unset_references(url, environment):
            yield ("channels", name, "url"), message


def _resolved(document: Any, environment: Mapping[str, str]) -> Any:
    """The document with the references in channel URLs filled in; anything else stays as it is written."""
    if not isinstance(document, dict):
        return document
    urls = {name: filled(url, environment) for name, url in _channel_urls(document)}
    channels = (
        {
            name: {**channel, "url": urls[name]} if name in urls else channel
            for name, channel in (document.get("channels") or {}).items()
        }
        if isinstance(document.get("channels"), dict)
        else document.get("channels", {})
    )
    return {**document, "channels": channels}


def _mistakes(document: Any, rules: Rules) -> Iterator[tuple[Steps, str]]:
    """What types cannot say: routes to channels that do not exist, secrets in the file, unknown services."""
    written = dict(_channel_urls(document))
    for name, channel in rules.channels.items():
        if not is_understood(channel.url):
            yield ("channels", name, "url"), "Apprise does not understand this URL; see its list of services"
        elif holds_secret(channel.url) and not REFERENCE.search(written[name]):
            message = (
                "the URL holds a secret; write ${NAME} in its place and set the environment variable NAME"
            )
            yield ("channels", name, "url"), message
    names = [route.name for route in rules.routes]
    for index, route in enumerate(rules.routes):
        if names.index(route.name) != index:
            yield ("routes", index, "name"), f"two routes are called {route.name!r}"
        if never_disturbs(route):
            yield ("routes", index, "quiet"), "these hours never end; leave some of the week in which to tell"
        for place, channel in enumerate(route.to):
            if channel not in rules.channels:
                known = nearest(channel, list(rules.channels))
                yield ("routes", index, "to", place), f"there is no channel {channel!r}{known}"


def _with_default_route(rules: Rules, urls: str | None) -> Rules:
    found = [url for url in _BETWEEN_URLS.split((urls or "").strip()) if url]
    for position, url in enumerate(found, 1):
        if not is_understood(url):
            raise SettingsError(
                f"DQM_NOTIFY_URLS: Apprise does not understand URL {position}; mend or remove it."
            )
    if not found:
        return rules
    named = {default_channel_name(url): Channel(url=url) for url in found}
    route = Route(name="DQM_NOTIFY_URLS", when=Match(), to=tuple(named))
    return rules.model_copy(
        update={"channels": {**rules.channels, **named}, "routes": (*rules.routes, route)}
    )


def default_channel_name(url: str) -> str:
    """Name of the channel of a URL of ``DQM_NOTIFY_URLS``: it stays when others come and go."""
    return f"{url.partition(':')[0].lower()}-{hashlib.sha256(url.encode()).hexdigest()[:6]}"


def told_by(rules: Rules, names: Sequence[str]) -> list[str]:
    """The given channels, or all of them when none is given.

    Raises:
        SettingsError: a name that is no channel.
    """
    for name in names:
        if name not in rules.channels:
            raise SettingsError(f"There is no channel {name!r}{nearest(name, list(rules.channels))}.")
    return list(names or rules.channels)
