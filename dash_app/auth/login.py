"""Signing in and out: the page, the form, and the way through an OpenID Connect provider and back."""

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.datastructures import Headers

from dash_app.auth.cookies import Ticket
from dash_app.auth.gate import Gate
from dash_app.auth.origin import Origin, origin_of
from dash_app.auth.throttle import Throttle, network_of
from dash_app.services.viewer import viewer
from dqm_assets.accounts.audit import entry, write_audit
from dqm_assets.accounts.passwords import CHECKS_AT_ONCE, verify_password
from dqm_assets.accounts.sessions import end_session
from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.accounts.users import Account, find_account, remember_oidc_user
from dqm_assets.errors import SettingsError
from dqm_assets.store import Store

if TYPE_CHECKING:
    from dash_app.auth.oidc import OidcProvider

_LONGEST_FORM = 8_192
#: Failures without a wait: of one name from one address, of one address, of one name from anywhere. The last
#: is generous, or anybody could lock anybody out.
_FREE_OF_BOTH, _FREE_OF_ADDRESS, _FREE_OF_NAME = 4, 20, 100
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_TEMPLATES = Environment(
    loader=PackageLoader("dash_app.auth"),
    autoescape=select_autoescape(["html.j2"]),
    undefined=StrictUndefined,
    trim_blocks=True,
)
_HOME = "/dashboard"


def login_router(gate: Gate, store: Store) -> APIRouter:
    """Make the routes."""
    router = APIRouter(include_in_schema=False)
    desk = _Desk(gate, store)
    router.get("/login")(desk.show)
    router.post("/login")(desk.check)
    router.post("/logout")(desk.leave)
    if desk.provider is not None:
        router.get("/auth/oidc/begin")(desk.begin)
        router.get("/auth/oidc/end")(desk.end)
    return router


def inside(wanted: str) -> str:
    """The address if it is one of this server, else the first page: nobody is sent elsewhere from here."""
    if not wanted.startswith("/") or wanted[1:2] in {"/", "\\"} or not wanted.isprintable():
        return _HOME
    return _HOME if wanted.partition("?")[0] in {"/", "/login", "/logout"} else wanted


class _Desk:
    """Answers those who want to sign in."""

    def __init__(self, gate: Gate, store: Store) -> None:
        self._gate = gate
        self._store = store
        self._throttle = Throttle()
        # Whoever waits for a check does so here, not in the threads that every page reads with.
        self._checking = asyncio.Semaphore(CHECKS_AT_ONCE)
        self.provider = _provider(gate.sign_in) if gate.sign_in.oidc_issuer else None

    async def show(self, request: Request) -> Response:
        wanted = inside(request.query_params.get("next", _HOME))
        if await self._gate.identify(request.headers, self._origin(request)) is not None:
            return RedirectResponse(wanted, 303)
        return self._page(wanted)

    async def check(self, request: Request) -> Response:
        """Sign in with name and password."""
        form = await _form(request)
        name, wanted = form.get("name", "").strip()[:128], inside(form.get("next", _HOME))
        origin = self._origin(request)
        place = network_of(origin.address)
        keys = {
            f"{name} from {place}": _FREE_OF_BOTH,
            f"from {place}": _FREE_OF_ADDRESS,
            f"{name} from anywhere": _FREE_OF_NAME,
        }
        wait = self._throttle.wait(keys)
        if wait > 0:
            return self._too_many(wait, wanted, name)
        # Counted before the slow check, so that many at once are not all free.
        self._throttle.failed(keys)
        account = await asyncio.to_thread(find_account, self._store, name) if name else None
        known = account.password_hash if account is not None and account.active else None
        async with self._checking:
            right = await asyncio.to_thread(verify_password, known, form.get("password", ""))
        if not right or account is None:
            await self._note(name or "nobody", "sign_in.failed", name, origin)
            return self._page(wanted, "Name or password is wrong.", name, status=401)
        self._throttle.took_back(keys)
        return await self._let_in(account, wanted, origin)

    async def leave(self, request: Request) -> Response:
        """Sign out in this browser."""
        origin = self._origin(request)
        identity = await self._gate.identify(request.headers, origin)
        if identity is not None and self._gate.on:
            await self._note(identity.user.name, "sign_in.left", identity.user.name, origin)
        await self._end(request.headers.get("cookie", ""), secure=origin.secure)
        response = RedirectResponse("/login", 303)
        response.headers.append("Set-Cookie", self._gate.cookies.clear(secure=origin.secure))
        return response

    async def _end(self, header: str, *, secure: bool) -> None:
        """End the session of a ``Cookie`` header for good: a copy of it is worth nothing after that."""
        cookies = self._gate.cookies
        if self._gate.on and cookies.read(header, secure=secure) is not None:
            ends = datetime.now(UTC) + cookies.lifetime
            await asyncio.to_thread(end_session, self._store, cookies.signed(header, secure=secure), ends)

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider."""
        origin = self._origin(request)
        wanted = inside(request.query_params.get("next", _HOME))
        scheme = "https" if origin.secure else "http"
        try:
            begun = await self._provider().begin(f"{scheme}://{origin.host}/auth/oidc/end", wanted)
        except SettingsError as error:
            return self._page(wanted, str(error), status=502)
        response = RedirectResponse(begun.url, 303)
        response.headers.append("Set-Cookie", self._gate.cookies.issue_flow(begun.flow, secure=origin.secure))
        return response

    async def end(self, request: Request) -> Response:
        """Take who comes back from the provider."""
        origin, cookies = self._origin(request), self._gate.cookies
        flow = cookies.read_flow(request.headers.get("cookie", ""))
        if flow is None:
            return self._page(_HOME, "The sign-in took too long, or began in another browser.", status=400)
        # Each failure is a line of the audit: nobody may write as many as they like.
        keys = {f"by provider from {network_of(origin.address)}": _FREE_OF_ADDRESS}
        wait = self._throttle.wait(keys)
        if wait > 0:
            return self._too_many(wait, inside(flow["next"]))
        try:
            person = await self._provider().finish(flow, request.query_params)
            account = await asyncio.to_thread(
                remember_oidc_user, self._store, person.name, person.role, person.subject
            )
        except SettingsError as error:
            self._throttle.failed(keys)
            await self._note("nobody", "sign_in.failed", "oidc", origin, str(error))
            return self._page(inside(flow["next"]), str(error), status=403)
        response = await self._let_in(account, inside(flow["next"]), origin)
        response.headers.append("Set-Cookie", cookies.clear_flow(secure=origin.secure))
        return response

    async def _let_in(self, account: Account, wanted: str, origin: Origin) -> Response:
        await self._note(account.name, "sign_in.done", account.name, origin)
        response = RedirectResponse(wanted, 303)
        ticket = Ticket(account.name, account.generation)
        response.headers.append("Set-Cookie", self._gate.cookies.issue(ticket, secure=origin.secure))
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _note(self, actor: str, action: str, target: str, origin: Origin, reason: str = "") -> None:
        line = entry(actor, action, target, reason, {"address": origin.address})
        await asyncio.to_thread(write_audit, self._store, [line])

    def _too_many(self, wait: float, wanted: str, name: str = "") -> Response:
        seconds = math.ceil(wait)
        said = f"Too many failed attempts. Try again in {seconds} s."
        return self._page(wanted, said, name, status=429, headers={"Retry-After": str(seconds)})

    def _page(
        self,
        wanted: str,
        said: str = "",
        name: str = "",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        sign_in = self._gate.sign_in
        html = _TEMPLATES.get_template("login.html.j2").render(
            scheme=viewer().scheme,
            wanted=wanted,
            said=said,
            name=name,
            passwords=True,
            provider=sign_in.oidc_issuer.split("//")[-1].split("/")[0] if sign_in.oidc_issuer else "",
        )
        fixed = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(html, status, {**fixed, **(headers or {})})

    def _origin(self, request: Request) -> Origin:
        return origin_of(request.scope, Headers(scope=request.scope), self._gate.sign_in)

    def _provider(self) -> "OidcProvider":
        if self.provider is None:
            raise SettingsError("No OpenID Connect provider is set up; set DQM_OIDC_ISSUER.")
        return self.provider


async def _form(request: Request) -> dict[str, str]:
    """Fields of a form; nothing of one that is larger than a sign-in ever is."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LONGEST_FORM:
            return {}
    try:
        return dict(parse_qsl(content.decode()))
    except UnicodeDecodeError:
        return {}


def _provider(sign_in: SignInSettings) -> "OidcProvider":
    from dash_app.auth.oidc import OidcProvider  # noqa: PLC0415 - 12 MB that only those need who have a provider

    return OidcProvider(sign_in)
