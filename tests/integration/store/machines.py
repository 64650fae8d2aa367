"""What several machines share: a PostgreSQL over TCP with a password, and a bucket behind an S3 API."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import boto3
import psycopg
import pytest

from dqm_assets.store.embedded import EmbeddedPostgres

BUCKET = "lake"
PASSWORD = "right/one@here"  # the signs that URLs have to escape


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, host: str = "127.0.0.1") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, f"nothing answers at port {port}"
            time.sleep(0.1)
        else:
            return


@contextmanager
def postgres_over_tcp(home: Path, host: str = "127.0.0.1") -> Iterator[str]:
    """URL of a PostgreSQL, with ``{password}`` where the password belongs."""
    port = free_port()
    with pytest.MonkeyPatch.context() as environment:
        # Both the server and its clients take the port of its socket from here.
        environment.setenv("PGPORT", str(port))
        started = EmbeddedPostgres(home)
        started.join()
        with psycopg.connect(started.url, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE postgres PASSWORD '{PASSWORD}'")
        started.leave()
        with (home / "data" / "postgresql.conf").open("a") as configuration:
            configuration.write(f"listen_addresses = '{host}'\n")
        (home / "data" / "pg_hba.conf").write_text(
            "local all all trust\nhost all all samenet scram-sha-256\n"
        )
        started.join()
        environment.delenv("PGPORT")
        try:
            yield f"postgresql://postgres:{{password}}@{host}:{port}/postgres"
        finally:
            environment.setenv("PGPORT", str(port))
            started.leave()


def with_password(url: str) -> str:
    return url.format(password=quote(PASSWORD, safe=""))


@contextmanager
def s3_bucket(host: str = "127.0.0.1") -> Iterator[str]:
    """``s3://…`` of an empty bucket on a local S3 server, which the environment names."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
            environment.setenv("AWS_ACCESS_KEY_ID", "key")
            environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
            wait_for(port, host)
            boto3.client("s3").create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
            yield f"s3://{BUCKET}/dqm"
    finally:
        process.terminate()
        process.wait()
