"""The outermost layer: no request and no socket goes further unless it may."""

import time
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dash_app.auth.gate import Gate
from dash_app.auth.origin import SAFE_METHODS, Origin, is_known_host, is_same_origin, origin_of
from dash_app.auth.session import Session, begin, machine_user
from dqm_assets.accounts.user import User
from dqm_assets.errors import StoreError

#: Set in the scope of requests that the server makes to itself; nothing from outside can set it.
INSIDE = "dqm.inside"
#: A live socket is asked again who it is when this many seconds have passed since the last time.
RECHECK_SECONDS = 5.0
_OPEN_PATHS = frozenset({"/login", "/logout", "/health"})
_OPEN_PREFIXES = ("/assets/", "/auth/oidc/")
_UNAUTHORIZED = 401
_CLOSED = 4403
_OVER = 4401


class _RefusedError(Exception):
    """A connection that goes no further."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class AuthMiddleware:
    """Lets requests and sockets pass whose sender may; everything inside can ask who that is."""

    def __init__(self, app: ASGIApp, gate: Gate, own_host: str) -> None:
        """Guard ``app``; ``own_host`` is the address that the server listens on."""
        self._app = app
        self._gate = gate
        self._own_host = own_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one connection and pass it on, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif scope.get(INSIDE):
            self._begin(machine_user())
            await self._app(scope, receive, send)
        else:
            await self._check(scope, receive, send)

    async def _check(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = origin_of(scope, headers, self._gate.sign_in)
        try:
            session = await self._admit(scope, headers, origin)
        except _RefusedError as refused:
            await _refuse(scope, receive, send, headers, refused)
            return
        except StoreError as error:
            await _refuse(scope, receive, send, headers, _RefusedError(503, str(error)))
            return
        if scope["type"] == "websocket" and session is not None:
            socket = _Socket(self._gate, headers, origin, session)
            await self._app(scope, socket.receiving(receive), socket.sending(send))
        else:
            await self._app(scope, receive, _guarding(send))

    async def _admit(self, scope: Scope, headers: Headers, origin: Origin) -> Session | None:
        """Begin the session of a connection that may go on; ``None`` where no session is needed."""
        method, path, gate = scope.get("method", "GET"), scope["path"], self._gate
        writes = scope["type"] == "websocket" or method not in SAFE_METHODS
        if not gate.on and not is_known_host(origin.host, self._own_host, gate.sign_in.allowed_hosts):
            said = f"This server is not known as {origin.host!r}; add the name to DQM_ALLOWED_HOSTS."
            raise _RefusedError(421, said)
        same = is_same_origin(headers, origin)
        if writes and same is False:
            raise _RefusedError(403, _FOREIGN)
        if self._is_open(scope, path):
            return None if gate.on else self._begin(machine_user())
        identity = await gate.identify(headers, origin)
        if identity is None:
            raise _RefusedError(_UNAUTHORIZED, "Sign in, or send a token: Authorization: Bearer dqm_…")
        if writes and same is None and gate.on and not identity.by_token:
            raise _RefusedError(403, _FOREIGN)
        return self._begin(identity.user)

    def _is_open(self, scope: Scope, path: str) -> bool:
        if scope["type"] != "http":
            return False
        if path == "/metrics":
            return self._gate.sign_in.open_metrics
        return path in _OPEN_PATHS or path.startswith(_OPEN_PREFIXES)

    def _begin(self, user: User) -> Session:
        session = Session(self._gate.reads.store, user)
        begin(session)
        return session


def _guarding(send: Send) -> Send:
    """Say of every answer, also of files, that its type is not guessed and no other site frames it."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            told = {name.lower() for name, _ in headers}
            added = [(name, value) for name, value in _GUARDS if name not in told]
            message = {**message, "headers": [*headers, *added]}
        await send(message)

    return guarded


_GUARDS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
)
_FOREIGN = (
    "Another site's page sent this, or a proxy that is not in DQM_PROXY_TRUSTED changed where it comes from."
)


class _Socket:
    """A live socket: asked again and again who it is, and ended when it may no longer look."""

    def __init__(self, gate: Gate, headers: Headers, origin: Origin, session: Session) -> None:
        self._gate, self._headers, self._origin, self._session = gate, headers, origin, session
        self._checked = time.monotonic()
        self._over = False

    def receiving(self, receive: Receive) -> Receive:
        async def checked() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not await self._may():
                return {"type": "websocket.disconnect", "code": _OVER}
            return message

        return checked

    def sending(self, send: Send) -> Send:
        async def checked(message: Message) -> None:
            if self._over:
                return
            if message["type"] == "websocket.send" and not await self._may():
                self._over = True
                message = {"type": "websocket.close", "code": _OVER, "reason": "signed out"}
            await send(message)

        return checked

    async def _may(self) -> bool:
        if self._over:
            return False
        if time.monotonic() - self._checked < RECHECK_SECONDS:
            return True
        try:
            identity = await self._gate.identify(self._headers, self._origin)
        except StoreError:
            return True  # it cannot look at anything either; asked again next time
        if identity is None:
            return False
        self._checked = time.monotonic()
        self._session.user = identity.user
        return True


async def _refuse(
    scope: Scope, receive: Receive, send: Send, headers: Headers, refusal: _RefusedError
) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _CLOSED, "reason": refusal.detail[:100]})
        return
    response: Response
    stranger = refusal.status == _UNAUTHORIZED
    if stranger and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
        wanted = scope["path"] + (
            f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        )
        response = RedirectResponse(f"/login?{urlencode({'next': wanted})}", 303)
    else:
        response = JSONResponse({"detail": refusal.detail}, refusal.status)
        if stranger:
            response.headers["WWW-Authenticate"] = "Bearer"
    response.headers["Cache-Control"] = "no-store"
    await response(scope, receive, send)
