"""The real server with sign-in, on loopback, over a store of its own."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from dash_app.app import create_app
from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.store import Store

PASSWORD = "correct horse"
HTML = {"Accept": "text/html"}


@dataclass(frozen=True)
class Site:
    """A running server, and the store behind it."""

    url: str
    store: Store

    def browser(self, **options: Any) -> httpx.Client:
        """A client that keeps cookies and says, as browsers do, which page it comes from."""
        return httpx.Client(base_url=self.url, timeout=30, headers={"Origin": self.url}, **options)

    @contextmanager
    def sign_in(self, name: str, password: str = PASSWORD) -> Generator[httpx.Client]:
        """A browser in which someone has signed in."""
        with self.browser() as browser:
            answer = browser.post("/login", data={"name": name, "password": password})
            assert answer.status_code == 303, answer.text
            yield browser


@contextmanager
def serving(app: ASGIApp) -> Generator[str]:
    """Serve an app on a free port; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", proxy_headers=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 120
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline, "the server did not start in time"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def site(store: Store, **settings: Any) -> Generator[Site]:
    """The dashboard with sign-in over a store."""
    sign_in = SignInSettings(**{"auth": "on", **settings})
    with serving(create_app(store, store.settings, sign_in)) as url:
        yield Site(url, store)
