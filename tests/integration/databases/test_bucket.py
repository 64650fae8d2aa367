"""A bucket of files behind a real S3 API: days are counted, new files are seen, a dead bucket is told."""

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO

import boto3
import pyarrow.parquet as pq
import pytest
import tenacity

from dqm_assets.pipeline.database_collect import SourceSummary, collect_source
from dqm_assets.settings import Settings
from dqm_assets.simulate.databases import TableModel, arrow_of
from dqm_assets.sources.databases.connection import open_engine
from dqm_assets.sources.databases.source import DatabaseSource
from dqm_assets.store import Store
from tests.integration.databases.shop import DAY, START
from tests.integration.store.machines import BUCKET, s3_bucket

MODEL = TableModel("lake_sales", rows=50)
FIRST = START.date()


@pytest.fixture
def bucket() -> Iterator[str]:
    with s3_bucket() as url:
        yield url


def put(day: int) -> None:
    """Put a day's file into the bucket."""
    file = BytesIO()
    pq.write_table(arrow_of(MODEL, MODEL.day(FIRST, day)), file)
    name = f"dqm/sales/day={FIRST + timedelta(days=day)}/part.parquet"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=name, Body=file.getvalue())


def source(url: str) -> DatabaseSource:
    tables = [{"table": "sales", "freshness": "happened", "columns": ["amount"], "profile": "kernel"}]
    return DatabaseSource.model_validate({"source": "lake", "url": url, "attempts": 1, "tables": tables})


def look(store: Store, settings: Settings, watched: DatabaseSource, day: int) -> SourceSummary:
    at = START + day * DAY + timedelta(hours=6)
    return collect_source(store, settings, watched, at, wait=tenacity.wait_none())


def counts(store: Store) -> dict[date, float]:
    rows = store.rows(
        "SELECT ts::DATE AS day, value FROM metrics.metrics "
        "WHERE dataset = 'lake_sales' AND metric = 'row_count'"
    )
    return {row["day"]: row["value"] for row in rows}


def test_files_of_a_bucket_are_a_table(store: Store, settings: Settings, bucket: str) -> None:
    for day in range(12):
        put(day)
    engine = open_engine(source(bucket))
    assert [table.name for table in engine.tables()] == ["sales"]
    engine.close()

    assert look(store, settings, source(bucket), 12).reason == ""
    assert counts(store) == {FIRST + day * DAY: len(MODEL.day(FIRST, day)) for day in range(12)}

    put(12)
    again = look(store, settings, source(bucket), 13)
    assert again.tables[0].rows < 5 * MODEL.rows, "only days since the watermark, and the look-back, are read"
    assert counts(store)[FIRST + 12 * DAY] == len(MODEL.day(FIRST, 12))
    states = store.rows(
        "SELECT count(DISTINCT batch) AS n FROM metrics.profiles WHERE column_name = 'amount'"
    )
    assert states[0]["n"] == 13


def test_a_bucket_that_is_not_there_is_told(store: Store, settings: Settings, bucket: str) -> None:
    done = look(store, settings, source(bucket.replace(BUCKET, "nowhere")), 12)
    assert "lake" in done.reason or "lake" in done.tables[0].reason
    assert done.failed == 1
    [alert] = store.rows("SELECT detector, status FROM monitoring.alerts")
    assert alert == {"detector": "pipeline", "status": "open"}
