"""Who looks: the browser's time zone and colour scheme, told by two cookies that the page sets itself."""

from contextvars import ContextVar
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.types import ASGIApp, Receive, Scope, Send

Scheme = Literal["light", "dark"]

ZONE_COOKIE = "dqm_zone"
SCHEME_COOKIE = "dqm_scheme"
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Viewer:
    """How this browser wants times and colours."""

    zone: ZoneInfo = UTC
    scheme: Scheme = "light"


UNKNOWN = Viewer()
_viewer: ContextVar[Viewer] = ContextVar("dqm_viewer")


def viewer() -> Viewer:
    """Tell the viewer of the request being answered."""
    return _viewer.get(UNKNOWN)


class ViewerMiddleware:
    """Reads the viewer's cookies before anything else sees the request."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the viewer for this request or socket."""
        if scope["type"] in ("http", "websocket"):
            _viewer.set(_from_cookies(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")))
        await self._app(scope, receive, send)


def _from_cookies(header: str) -> Viewer:
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return Viewer()
    zone = cookies[ZONE_COOKIE].value.replace("%2F", "/") if ZONE_COOKIE in cookies else "UTC"
    dark = SCHEME_COOKIE in cookies and cookies[SCHEME_COOKIE].value == "dark"
    try:
        return Viewer(zone=ZoneInfo(zone), scheme="dark" if dark else "light")
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as "Europe"
        return Viewer(scheme="dark" if dark else "light")
