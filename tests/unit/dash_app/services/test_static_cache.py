import asyncio
import gzip

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from dash_app.services import static_cache
from dash_app.services.static_cache import StaticCache

BODY = b"var answer = 42;\n" * 500


def fetch(*requests: tuple[str, dict[str, str]]) -> tuple[list[httpx.Response], int]:
    """Ask for each path with its headers, in turn; gives the answers and the reads behind them."""
    reads = 0

    async def script(request) -> Response:
        nonlocal reads
        reads += 1
        if "broken" in request.url.path:
            raise RuntimeError("cannot be read")
        if "missing" in request.url.path:
            return Response("no", status_code=404)
        return Response(BODY, media_type="text/javascript")

    async def ask() -> list[httpx.Response]:
        app = StaticCache(Starlette(routes=[Route("/{path:path}", script)]))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://test"
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


def test_a_query_makes_no_other_file_of_it() -> None:
    answers, reads = fetch(*[(f"/static/a.js?{place}", {}) for place in range(5)])
    assert [answer.content for answer in answers] == [BODY] * 5
    assert reads == 1


def test_a_failure_is_not_kept() -> None:
    asked = ("/static/broken.js", {})
    answers, reads = fetch(asked, asked)
    assert [answer.status_code for answer in answers] == [500, 500]
    assert reads == 2


def test_only_so_many_bytes_are_kept_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_cache, "KEPT_BYTES", 2 * len(BODY))
    names = ("a", "b", "a", "c", "a", "b")
    _, reads = fetch(*[(f"/static/{name}.js", {"accept-encoding": "identity"}) for name in names])
    assert reads == 4  # a, b, c, and b again: it was the least recently asked for when c came


def test_other_addresses_pass_every_time() -> None:
    asked = ("/metrics/latest", {})
    _, reads = fetch(asked, asked)
    assert reads == 2
