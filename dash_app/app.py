"""The dashboard process: FastAPI with the REST routes, and Dash with the pages, on one origin."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from dash import Dash
from dash._utils import to_json
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from dash_app.api.alert_actions import alert_actions_router
from dash_app.api.alerts import alerts_router
from dash_app.api.backtests import backtests_router
from dash_app.api.checks import checks_router
from dash_app.api.contracts import contracts_router
from dash_app.api.crypto import crypto_router
from dash_app.api.datasets import datasets_router
from dash_app.api.devices import device_routes
from dash_app.api.docs import OPENAPI_URL, docs_router
from dash_app.api.etag import EntityTags
from dash_app.api.health import health_router
from dash_app.api.openapi import document_truly
from dash_app.api.problems import register_problems, unknown_routes
from dash_app.api.prometheus import RequestTimes, make_registry, prometheus_router
from dash_app.api.runs import runs_router
from dash_app.api.sources import sources_router
from dash_app.api.streams import stream_routes
from dash_app.api.system import system_router
from dash_app.api.v1 import v1_router
from dash_app.auth.cookies import SessionCookies, session_key
from dash_app.auth.gate import Gate, signs_in
from dash_app.auth.login import login_router
from dash_app.auth.middleware import INSIDE, AuthMiddleware
from dash_app.feed import register_feed
from dash_app.pages.alerts import AlertsPage
from dash_app.pages.audit import AuditPage
from dash_app.pages.backtest import BacktestPage
from dash_app.pages.contracts import ContractsPage
from dash_app.pages.crypto import CryptoPage
from dash_app.pages.databases import DatabasesPage
from dash_app.pages.datasets import DatasetsPage
from dash_app.pages.devices import DevicesPage
from dash_app.pages.overview import OverviewPage
from dash_app.pages.page import Page
from dash_app.pages.runs import RunsPage
from dash_app.pages.streams import StreamsPage
from dash_app.pages.system import SystemPage
from dash_app.scripts import early_layout, hints, leave_grid_for_later, serve_own_scripts
from dash_app.services.lineage import DagsterGraph
from dash_app.services.live import LiveHub
from dash_app.services.reads import Reads
from dash_app.services.replays import Replays
from dash_app.services.services import Services
from dash_app.services.static_cache import StaticCache
from dash_app.services.viewer import SCHEME_COOKIE, ZONE_COOKIE, ViewerMiddleware, viewer
from dash_app.shell import TITLE, Shell, report_error
from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.settings import Settings
from dqm_assets.store import Store

HERE = Path(__file__).parent
SMALLEST_COMPRESSED = 1024
#: Nothing from elsewhere, ever; charts and tables style their elements inline, charts are saved as blobs.
CONTENT_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
FAVICON = re.compile(r'<link[^>]*rel="icon"[^>]*>')


def create_app(store: Store, settings: Settings, sign_in: SignInSettings | None = None) -> FastAPI:
    """Make the dashboard over an open store, which stays the caller's to close.

    Raises:
        SettingsError: others could reach it, and sign-in is switched off.
    """
    sign_in = sign_in or SignInSettings()
    cookies = SessionCookies(session_key(sign_in, settings.home), sign_in.session_hours)
    hub = LiveHub(store)
    reads = Reads(store, hub)
    services = Services(
        reads=reads,
        hub=hub,
        settings=settings,
        dagster=DagsterGraph(settings),
        replays=Replays(reads),
    )
    gate = Gate(services.reads, sign_in, cookies, on=signs_in(settings, sign_in))
    registry = make_registry()
    server = FastAPI(
        title="dqm",
        summary="Data quality monitoring: datasets, runs, metrics and alerts.",
        version=_version(),
        lifespan=_lifespan(hub),
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI_URL,
    )
    register_problems(server)
    document_truly(server)
    for router in (
        runs_router(services.reads),
        v1_router(services.reads),
        datasets_router(services),
        checks_router(services),
        alerts_router(services),
        alert_actions_router(services),
        contracts_router(services),
        backtests_router(services),
        system_router(services),
        device_routes(services.reads),
        crypto_router(services.reads),
        sources_router(services),
        stream_routes(services.reads),
        health_router(services.reads),
        prometheus_router(services.reads, registry),
        docs_router(),
        login_router(gate, store),
        unknown_routes(),
    ):
        server.include_router(router)
    server.mount("/static", StaticFiles(directory=HERE / "static"))
    serve_own_scripts(server)
    pages: tuple[Page, ...] = (
        OverviewPage(services),
        DatasetsPage(services),
        RunsPage(services),
        DevicesPage(services),
        CryptoPage(services),
        DatabasesPage(services),
        StreamsPage(services),
        ContractsPage(services),
        AlertsPage(services),
        BacktestPage(services),
        SystemPage(services),
        AuditPage(services),
    )
    shell = Shell(services, pages)
    _serve_layout(server, shell)
    app = _make_dash(server)
    app.layout = shell.layout
    shell.register(app)
    register_feed(app, hub)
    _serve_pages(server, app, pages)
    server.add_middleware(EntityTags, hub=hub)
    server.add_middleware(GZipMiddleware, minimum_size=SMALLEST_COMPRESSED, compresslevel=5)
    server.add_middleware(StaticCache)
    server.add_middleware(ViewerMiddleware)
    server.add_middleware(RequestTimes(registry).wrap)
    server.add_middleware(AuthMiddleware, gate=gate, own_host=settings.host)
    return server


def _version() -> str:
    try:
        return version("dqm")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0+source"


def _make_dash(server: FastAPI) -> Dash:
    leave_grid_for_later()
    app = Dash(
        "dash_app",
        server=server,  # ty: ignore[invalid-argument-type] - Dash takes any of its backends here
        assets_folder=str(HERE / "assets"),
        suppress_callback_exceptions=True,
        title=TITLE,
        update_title="",
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        websocket_inactivity_timeout=0,
        websocket_heartbeat_interval=25_000,
        on_error=report_error,
        enable_mcp=False,
    )
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    return app


def _serve_layout(server: FastAPI, shell: Shell) -> None:
    """Answer Dash's request for the layout with the page in it that the browser's address names.

    Dash itself would send an empty frame, from which the browser would ask for the page in a second request.
    """

    @server.get("/_dash-layout", include_in_schema=False)
    async def layout(request: Request) -> Response:
        address = urlsplit(request.headers.get("referer", ""))
        token = set_current_request(request)
        try:
            if address.netloc == request.url.netloc and address.path:
                found = await shell.layout_at(address.path, address.query)
            else:
                found = await shell.layout_anywhere()
        finally:
            reset_current_request(token)
        return Response(to_json(found), media_type="application/json", headers={"Cache-Control": "no-store"})


def _serve_pages(server: FastAPI, app: Dash, pages: tuple[Page, ...]) -> None:
    """Answer the addresses of pages with the frame, and any other with the frame and 404."""
    heads = {page.path: hints(getattr(page, "needs", ())) for page in pages}
    plain = hints(())

    def frame(request: Request, path: str) -> str:
        token = set_current_request(request)
        try:
            html = app.index()
        finally:
            reset_current_request(token)
        html = FAVICON.sub('<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">', html)
        known = {ZONE_COOKIE, SCHEME_COOKIE} <= request.cookies.keys()
        head = heads.get(path, plain) + (early_layout() if known else "")
        html = html.replace("<head>", f"<head>{head}", 1)
        return html.replace(
            '<html lang="en">', f'<html lang="en" data-mantine-color-scheme="{viewer().scheme}">', 1
        )

    @server.get("/{path:path}", include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        asked = f"/{path.rstrip('/')}"
        html = await asyncio.to_thread(frame, request, asked)
        scripts = " ".join(app.csp_hashes())
        return Response(
            html,
            status_code=200 if asked in heads else 404,
            media_type="text/html",
            headers={
                "Cache-Control": "no-cache",
                "Content-Security-Policy": f"{CONTENT_POLICY}; script-src 'self' {scripts}",
                "Referrer-Policy": "same-origin",
                "X-Content-Type-Options": "nosniff",
            },
        )


def _lifespan(hub: LiveHub) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(server: FastAPI) -> AsyncGenerator[None]:
        polling = asyncio.create_task(hub.run())
        await _warm(server)
        yield
        polling.cancel()
        with suppress(asyncio.CancelledError):
            await polling

    return lifespan


async def _warm(server: FastAPI) -> None:
    """Ask for what every browser asks for first: Dash registers its scripts only then, pages need them."""

    async def from_inside(scope: Scope, receive: Receive, send: Send) -> None:
        await server({**scope, INSIDE: True}, receive, send)

    inside = httpx.ASGITransport(app=from_inside)
    async with httpx.AsyncClient(transport=inside, base_url="http://warm-up") as client:
        for path in ("/_dash-layout", "/_dash-dependencies", "/dashboard"):
            (await client.get(path)).raise_for_status()
