"""The store as several machines share it: catalog in a PostgreSQL over TCP, files behind an S3 API."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.settings import Settings
from dqm_assets.store import open_store
from dqm_assets.store.connection import LAKE
from dqm_assets.store.export import export
from dqm_assets.store.maintenance import maintain
from dqm_assets.store.postgres import connect
from tests.integration.store.machines import BUCKET, free_port, postgres_over_tcp, s3_bucket, with_password

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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL that is reached over TCP with a password, up to the password."""
    with postgres_over_tcp(tmp_path_factory.mktemp("tcp") / "postgres") as url:
        yield url


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with s3_bucket() as url:
        yield url


def objects() -> set[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {entry["Key"] for entry in listed}


def runs(prefix: str, count: int) -> pa.Table:
    return pa.table({"dataset": ["d"] * count, "run_id": [f"{prefix}{row}" for row in range(count)]})


@pytest.fixture(scope="module")
def shared(server: str, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of one of the machines."""
    home = tmp_path_factory.mktemp("home")
    return Settings(home=home, postgres_url=with_password(server), store_path=bucket)


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


def test_every_session_ends_soon_when_its_machine_is_gone(shared: Settings) -> None:
    """Without the second, what is not acknowledged keeps a lock for a quarter of an hour."""
    settings = ("tcp_keepalives_idle", "tcp_user_timeout")
    with open_store(shared) as store, connect(store.postgres_url) as postgres:
        asked = [f"SELECT current_setting('{name}') AS value" for name in settings]
        found = [postgres.execute(sql).fetchone() for sql in asked]
        # The lake's own session, which holds no lock of ours but the rows of a commit.
        catalog = f"postgres_query('__ducklake_metadata_{LAKE}', ?)"
        of_lake = [store.rows(f"SELECT value FROM {catalog}", [sql]) for sql in asked]
    assert found == [("10",), ("25000",)]
    assert of_lake == [[{"value": "10"}], [{"value": "25000"}]]


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
