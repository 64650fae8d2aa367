"""The live feed: one socket callback per open page that sends the store's version when it changes."""

import time

from dash import Dash, ctx, set_props
from dash.exceptions import WebsocketDisconnected

from dash_app.services.live import LiveHub

#: Seconds without a change after which a page still hears that the feed lives.
BEAT_SECONDS = 15.0
#: Seconds between checks that the tab behind a shared socket is still open.
PING_SECONDS = 60.0
PING_TIMEOUT = 10.0


def register_feed(app: Dash, hub: LiveHub) -> None:
    """Register the callback; it has neither input nor output and lives as long as its page."""

    async def feed() -> None:
        socket = ctx.websocket
        if (
            socket is None
        ):  # a browser without sockets asks over HTTP: answer nothing rather than wait for ever
            return
        seen: int | None = None
        ping_at = time.monotonic() + PING_SECONDS
        try:
            while not socket.is_shutdown:
                version = await hub.newer_than(seen, BEAT_SECONDS)
                if version is not None:
                    seen = version
                    set_props("live-version", {"data": version})
                set_props("live-beat", {"data": {"at": time.time(), "reachable": hub.reachable}})
                if (
                    time.monotonic() >= ping_at
                ):  # tabs share a socket: a closed one is only noticed by asking it
                    await socket.get_prop("live-version", "id", timeout=PING_TIMEOUT)
                    ping_at = time.monotonic() + PING_SECONDS
        except (TimeoutError, WebsocketDisconnected):
            return

    app.callback(websocket=True, persistent=True)(feed)
