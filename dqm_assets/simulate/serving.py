"""Serving a simulator from within a process, on a free port of loopback."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


@contextmanager
def serving(app: FastAPI) -> Generator[str]:
    """Serve an app in a thread while the block lasts.

    Yields:
        Its address, such as ``http://127.0.0.1:40123``.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # critical: an answer that is broken off on purpose is no error of the server.
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        listening.listen(128)
        thread.start()
        # Whoever connects from here on waits in the socket's queue until the server is up.
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
