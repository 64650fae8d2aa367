"""The store as several machines share it: catalog in a PostgreSQL over TCP, files behind an S3 API."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import boto3
import psycopg
import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.settings import Settings
from dqm_assets.store import open_store
from dqm_assets.store.embedded import EmbeddedPostgres
from dqm_assets.store.export import export
from dqm_assets.store.maintenance import maintain

BUCKET = "lake"
PASSWORD = "right/one@here"  # the signs that URLs have to escape
WRITER = """
import sys
import pyarrow as pa
from dqm_assets.settings import Settings
from dqm_assets.store import open_store

home, url, path, writer = sys.argv[1:]
with open_store(Settings(home=home, postgres_url=url, store_path=path)) as store:
    for number in range(5):
        runs = [f"{writer}-{number}-{row}" for row in range(20)]
        with store.transaction() as tx:
            tx.upsert("metrics.runs", pa.table({"dataset": ["d"] * 20, "run_id": runs}))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL that is reached over TCP with a password, up to the password."""
    home = tmp_path_factory.mktemp("tcp") / "postgres"
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
            configuration.write("listen_addresses = '127.0.0.1'\n")
        (home / "data" / "pg_hba.conf").write_text(
            "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        started.join()
        environment.delenv("PGPORT")
        yield f"postgresql://postgres:{{password}}@127.0.0.1:{port}/postgres"
        environment.setenv("PGPORT", str(port))
        started.leave()


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """``s3://…`` of an empty bucket on a local S3 server, which the environment names."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
            environment.setenv("AWS_ACCESS_KEY_ID", "key")
            environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
            wait_for(port)
            boto3.client("s3").create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
            yield f"s3://{BUCKET}/dqm"
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the S3 server does not answer"
            time.sleep(0.1)
        else:
            return


def objects() -> set[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {entry["Key"] for entry in listed}


def runs(prefix: str, count: int) -> pa.Table:
    return pa.table({"dataset": ["d"] * count, "run_id": [f"{prefix}{row}" for row in range(count)]})


@pytest.fixture(scope="module")
def shared(server: str, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of one of the machines."""
    url = server.format(password=quote(PASSWORD, safe=""))
    return Settings(home=tmp_path_factory.mktemp("home"), postgres_url=url, store_path=bucket)


def test_a_wrong_password_is_one_line_without_the_password(shared: Settings, server: str) -> None:
    wrong = shared.model_copy(update={"postgres_url": server.format(password="wrong-one")})
    with pytest.raises(StoreError, match="password authentication failed") as problem:
        open_store(wrong)
    assert "wrong-one" not in str(problem.value)


def test_processes_with_homes_of_their_own_share_rows_history_and_maintenance(
    shared: Settings, tmp_path: Path
) -> None:
    with open_store(shared) as store:
        with store.transaction() as tx:
            tx.upsert("metrics.runs", runs("first-", 50))
        before = store.version()
        writers = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    WRITER,
                    str(tmp_path / name),
                    str(shared.postgres_url),
                    str(shared.store_path),
                    name,
                ]
            )
            for name in ("a", "b")
        ]
        assert [writer.wait() for writer in writers] == [0, 0]
        found = store.rows("SELECT count(*) AS n, count(DISTINCT run_id) AS keys FROM metrics.runs")
        assert found == [{"n": 250, "keys": 250}]
        assert store.rows("SELECT count(*) AS n FROM metrics.runs", snapshot=before) == [{"n": 50}]

        written = objects()
        assert written
        assert all(key.startswith("dqm/") for key in written)
        report = maintain(store, snapshot_days=0, grace=timedelta(0), now=datetime.now(UTC) + timedelta(1))
        assert report.after.files < report.before.files
        assert objects() < written | objects()
        assert len(objects()) < len(written)
        assert store.rows("SELECT count(*) AS n FROM metrics.runs") == [{"n": 250}]

        exported = export(store, tmp_path / "dqm.duckdb")
        assert exported.rows >= 250


def test_a_bucket_that_is_away_is_an_error_that_leaves_the_store_as_it_was(
    shared: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(shared) as store:
        count = store.rows("SELECT count(*) AS n FROM metrics.runs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    with open_store(shared) as store, pytest.raises(StoreError), store.transaction() as tx:
        tx.upsert("metrics.runs", runs("lost-", 50))
    monkeypatch.undo()
    with open_store(shared) as store:
        assert store.rows("SELECT count(*) AS n FROM metrics.runs") == count
