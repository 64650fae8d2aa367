"""Entity tags: what is read off the store keeps its tag until the store changes, and 304 answers the rest."""

import hashlib

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dash_app.services.live import LiveHub
from dqm_assets.errors import StoreError

#: Paths whose answers depend on the store alone.
TAGGED = ("/api/v1/", "/metrics/latest", "/metrics/history", "/run/")
#: Under them, what depends on Dagster, on files or on the clock.
UNTAGGED = (
    "/lineage",
    "/api/v1/system",
    "/api/v1/contracts",
    "/api/v1/changes",
    "/api/v1/devices",
    "/api/v1/crypto",
    "/api/v1/streams",
)


class EntityTags:
    """Adds ``ETag`` to answers that the store alone decides, and answers 304 to those who have them."""

    def __init__(self, app: ASGIApp, hub: LiveHub) -> None:
        """Wrap ``app``; ``hub`` tells the store's version."""
        self._app = app
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _tagged(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            version = await self._hub.current()
        except StoreError:
            await self._app(scope, receive, send)
            return
        address = f"{version} {scope['path']}?{scope['query_string'].decode('latin-1')}"
        tag = f'W/"{hashlib.sha256(address.encode()).hexdigest()[:24]}"'
        headers = [(b"etag", tag.encode()), (b"cache-control", b"private, no-cache")]
        wanted = Headers(scope=scope).get("if-none-match", "")
        if tag in (each.strip() for each in wanted.split(",")):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return

        async def tagging(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:  # noqa: PLR2004 - HTTP's own
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self._app(scope, receive, tagging)


def _tagged(path: str) -> bool:
    return path.startswith(TAGGED) and not any(part in path for part in UNTAGGED)
