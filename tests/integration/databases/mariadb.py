"""A MariaDB server on loopback, in a folder of its own, for as long as a test session lasts."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

_INSTALL, _SERVER = "mariadb-install-db", "mariadbd"
_START_SECONDS = 180


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")


@contextmanager
def running_mariadb(folder: Path, *options: str) -> Iterator[str]:
    """Start a server in an empty folder and end it; the URL is that of its database ``shop``."""
    install, server = _program(_INSTALL), _program(_SERVER)
    if install is None or server is None:
        if os.environ.get("DQM_REQUIRE_MARIADB"):
            pytest.fail("mariadb-server is not installed, and DQM_REQUIRE_MARIADB is set")
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server")
    user = ["--user=root"] if os.geteuid() == 0 else []
    data = folder / "data"
    subprocess.run(
        [
            install,
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *user,
        ],
        check=True,
        capture_output=True,
        timeout=_START_SECONDS,
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # A path of a socket has at most 107 bytes.
    command = [
        server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
        "--socket=", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", *user, *options,
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _prepare(port, process, folder / "log")
        yield f"mysql://reader:secret@127.0.0.1:{port}/shop"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _prepare(port: int, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            connection = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
            break
        except pymysql.MySQLError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"MariaDB does not start: {log.read_text()[-2000:]}")
            time.sleep(0.2)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("CREATE USER reader@'%' IDENTIFIED BY 'secret'")
        cursor.execute("GRANT ALL ON shop.* TO reader@'%'")
