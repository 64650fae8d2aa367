"""Real receivers on loopback: a webhook and a mail server."""

import asyncio
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP


@dataclass(frozen=True)
class Post:
    """One request that the webhook got."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def delivery(self) -> str:
        """The idempotency key."""
        return self.headers["idempotency-key"]

    @property
    def told(self) -> list[dict[str, Any]]:
        """The notifications in it."""
        return self.body["dqm"]["notifications"]

    @property
    def events(self) -> list[str]:
        """What happened, in order."""
        return [each["event"] for each in self.told]


@dataclass
class Webhook:
    """A web server that keeps what it gets and answers with ``status``; ``gate`` holds answers back."""

    posts: list[Post] = field(default_factory=list)
    status: int = 200
    port: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Apprise URL of it."""
        return f"json://127.0.0.1:{self.port}/hook"

    @contextmanager
    def serving(self, port: int = 0) -> Generator["Webhook"]:
        """Listen until the block ends."""
        webhook = self
        self.gate.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                webhook.posts.append(Post(self.path, headers, json.loads(content)))
                webhook.gate.wait(60)
                self.send_response(webhook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Keep:
    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content))
        return "250 kept"


@contextmanager
def mail_server() -> Generator[tuple[str, list[Message]]]:
    """A real SMTP server: its Apprise URL, and the mails that it got."""
    kept = _Keep()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(kept, loop=loop), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"mailto://127.0.0.1:{port}?from=dqm@example.com&to=team@example.com", kept.mails
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()
