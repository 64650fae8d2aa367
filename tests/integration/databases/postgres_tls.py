"""A PostgreSQL that speaks TLS only: Debian's, since the embedded one is built without."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.integration.databases.authority import Authority
from tests.integration.store.machines import free_port

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_START_SECONDS = 120
#: Everybody over TLS; the user ``certified`` by a certificate of that name.
_ACCESS = "local all all trust\nhostssl all certified 127.0.0.1/32 cert\nhostssl all all 127.0.0.1/32 trust\n"


@contextmanager
def running_tls_postgres(folder: Path, authority: Authority, files: tuple[Path, Path]) -> Iterator[int]:
    """Start a server in an empty folder and end it; gives its port on loopback."""
    if not _PROGRAMS:
        pytest.skip("Debian's PostgreSQL, which speaks TLS, is not installed: apt-get install postgresql")
    data, user = folder / "data", "postgres" if os.geteuid() == 0 else None
    data.mkdir(mode=0o700)
    for file in (authority.ca, *files):
        shutil.copy(file, folder / file.name)
    key = folder / files[1].name
    key.chmod(0o600)
    if user:
        for path in (folder, data, *(folder / file.name for file in (authority.ca, *files))):
            shutil.chown(path, user)
    _run("initdb", user, "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
    (data / "pg_hba.conf").write_text(_ACCESS)
    port = free_port()
    options = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off",
        "ssl": "on", "ssl_ca_file": folder / authority.ca.name, "ssl_cert_file": folder / files[0].name,
        "ssl_key_file": key,
    }  # fmt: skip
    given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [_PROGRAMS[0] / "postgres", "-D", data, *given], stdout=log, stderr=log, user=user, cwd="/"
        )
    try:
        _wait(process, folder, port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def _run(program: str, user: str | None, *arguments: str) -> None:
    subprocess.run(
        [_PROGRAMS[0] / program, *arguments],
        check=True,
        capture_output=True,
        user=user,
        cwd="/",
        timeout=_START_SECONDS,
    )


def _wait(process: subprocess.Popen, folder: Path, port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with psycopg.connect(host=str(folder), port=port, user="postgres", autocommit=True) as connection:
                connection.execute("CREATE ROLE certified LOGIN")
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL does not start: {(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.2)
