import asyncio
import gzip

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from dash_app.services.static_cache import StaticCache

BODY = b"var answer = 42;\n" * 500


def fetch(*requests: tuple[str, dict[str, str]]) -> tuple[list[httpx.Response], int]:
    """Ask for each path with its headers, in turn; gives the answers and the reads behind them."""
    reads = 0

    async def script(request) -> Response:
        nonlocal reads
        reads += 1
        if "missing" in request.url.path:
            return Response("no", status_code=404)
        return Response(BODY, media_type="text/javascript")

    async def ask() -> list[httpx.Response]:
        app = StaticCache(Starlette(routes=[Route("/{path:path}", script)]))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://test"
        ) as client:
            return [await client.get(path, headers=headers) for path, headers in requests]

    return asyncio.run(ask()), reads


@pytest.mark.parametrize("accepted", ["br", "gzip", "identity", "br;q=0, gzip", "gzip;q=0.5, br;q=0.9"])
def test_the_body_is_the_same_in_every_encoding(accepted: str) -> None:
    (answer,), _ = fetch(("/_dash-component-suites/dash/a.v1.js", {"accept-encoding": accepted}))
    assert answer.content == BODY
    assert answer.headers["vary"] == "accept-encoding"
    wanted = {"br": "br", "gzip": "gzip", "identity": None, "br;q=0, gzip": "gzip"}.get(accepted, "br")
    assert answer.headers.get("content-encoding") == wanted
    assert len(brotli.compress(BODY)) < len(gzip.compress(BODY)) < len(BODY)


def test_a_file_is_read_once_and_never_asked_for_again_by_the_browser() -> None:
    asked = ("/_dash-component-suites/dash/a.v1.js", {"accept-encoding": "br"})
    answers, reads = fetch(asked, asked, asked)
    assert reads == 1
    assert "immutable" in answers[2].headers["cache-control"]


def test_a_missing_file_is_not_kept() -> None:
    asked = ("/static/missing.js", {})
    answers, reads = fetch(asked, asked)
    assert [answer.status_code for answer in answers] == [404, 404]
    assert reads == 2
    assert "immutable" not in answers[0].headers.get("cache-control", "")


def test_other_addresses_pass_every_time() -> None:
    asked = ("/metrics/latest", {})
    _, reads = fetch(asked, asked)
    assert reads == 2
