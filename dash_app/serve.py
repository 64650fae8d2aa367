"""Runs the dashboard until it is told to stop."""

import ipaddress

import uvicorn

from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings
from dqm_assets.store import open_store

#: Seconds that open pages get to finish when the process is told to stop.
GRACE_SECONDS = 3


def serve(settings: Settings) -> None:
    """Open the store and serve pages and API on ``settings.host`` and ``settings.port``; blocks.

    Raises:
        SettingsError: the host is not a loopback address: there is no sign-in yet.
        StoreError: the store cannot be opened.
    """
    refuse_open_network(settings.host)
    from dash_app.app import create_app  # noqa: PLC0415 - plotly and Dash take a second: refuse first

    store = open_store(settings)
    try:
        config = uvicorn.Config(
            create_app(store, settings),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
        )
        uvicorn.Server(config).run()
    finally:
        store.close()


def refuse_open_network(host: str) -> None:
    """Let only this machine's own addresses pass.

    Raises:
        SettingsError: others could reach the address, and there is no sign-in that would stop them.
    """
    if host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise SettingsError(
        f"DQM_HOST={host} would let other machines in, and the dashboard has no sign-in yet. "
        "Use 127.0.0.1, and an SSH tunnel or a proxy with its own sign-in in front of it."
    )
