"""Runs the dashboard until it is told to stop."""

import uvicorn

from dash_app.auth.gate import refuse_locked_doors, signs_in
from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.settings import Settings, read_settings
from dqm_assets.store import open_store

#: Seconds that open pages get to finish when the process is told to stop.
GRACE_SECONDS = 3


def serve(settings: Settings) -> None:
    """Open the store and serve pages and API on ``settings.host`` and ``settings.port``; blocks.

    Raises:
        SettingsError: other machines could reach it, and there is no sign-in that would stop them.
        StoreError: the store cannot be opened.
    """
    sign_in = read_settings(SignInSettings)
    signs_in(settings, sign_in)
    from dash_app.app import create_app  # noqa: PLC0415 - plotly and Dash take a second: refuse first

    store = open_store(settings)
    try:
        store.stay_small()
        refuse_locked_doors(store, settings, sign_in)
        config = uvicorn.Config(
            create_app(store, settings, sign_in),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
            # What is pushed is a number: compressing it would only keep two windows for each open page.
            ws_per_message_deflate=False,
            # Which proxies are believed is for DQM_PROXY_TRUSTED to say.
            proxy_headers=False,
        )
        uvicorn.Server(config).run()
    finally:
        store.close()
