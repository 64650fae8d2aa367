"""Live sockets: who may open one, and that one ends with the session that opened it."""

import json
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from dash_app.auth import middleware
from dqm_assets.accounts.users import add_local_user, set_active
from tests.integration.auth.serving import PASSWORD, Site

PATH = "/_dash-ws-callback"


def open_socket(guarded: Site, cookie: str | None, origin: str | None) -> ClientConnection:
    headers = {"Cookie": f"dqm_session={cookie}"} if cookie else {}
    return connect(guarded.url.replace("http", "ws") + PATH, origin=origin, additional_headers=headers)


def cookie_of(guarded: Site, name: str) -> str:
    with guarded.sign_in(name) as browser:
        return browser.cookies["dqm_session"]


def test_strangers_and_pages_of_other_sites_get_no_socket(guarded: Site) -> None:
    cookie = cookie_of(guarded, "viewer")
    for told, origin in ((None, guarded.url), (cookie, "https://evil.example"), (cookie, None)):
        with pytest.raises(InvalidStatus) as refused:
            open_socket(guarded, told, origin)
        assert refused.value.response.status_code == 403
    open_socket(guarded, cookie, guarded.url).close()


def test_a_socket_ends_when_its_user_may_no_longer_look(
    guarded: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "RECHECK_SECONDS", 0.0)
    add_local_user(guarded.store, "cleo", "viewer", PASSWORD, actor="test")
    socket = open_socket(guarded, cookie_of(guarded, "cleo"), guarded.url)
    beat = json.dumps({"type": "heartbeat"})
    for _ in range(3):
        socket.send(beat)
    socket.ping().wait(60)
    set_active(guarded.store, "cleo", False, actor="test")
    deadline = time.monotonic() + 60
    with pytest.raises(ConnectionClosed):
        while time.monotonic() < deadline:
            socket.send(beat)
            time.sleep(0.05)
