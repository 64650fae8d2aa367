import asyncio

import pytest

from dash_app.services.viewer import Viewer, ViewerMiddleware, viewer


def seen_with(cookie: str) -> Viewer:
    found: list[Viewer] = []

    async def app(_scope, _receive, _send) -> None:
        found.append(viewer())

    async def nothing(*_: object) -> None:
        return None

    scope = {"type": "http", "headers": [(b"cookie", cookie.encode())]}
    asyncio.run(ViewerMiddleware(app)(scope, nothing, nothing))
    return found[0]


def test_zone_and_scheme_come_from_the_cookies() -> None:
    seen = seen_with("dqm_zone=America/Sao_Paulo; dqm_scheme=dark")
    assert (seen.zone.key, seen.scheme) == ("America/Sao_Paulo", "dark")


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "dqm_zone=Nowhere/Land",
        "dqm_zone=../../etc/passwd",
        "dqm_zone=Europe",
        "dqm_scheme=pink",
        "=;=",
        "\x00",
    ],
)
def test_a_cookie_that_makes_no_sense_gives_utc_and_light(cookie: str) -> None:
    seen = seen_with(cookie)
    assert (seen.zone.key, seen.scheme) == ("UTC", "light")
