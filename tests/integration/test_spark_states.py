"""States made by Spark workers through mapInArrow merge to what one pass over all rows gives."""

import os
import sys
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from dqm_assets.quality.profile import ColumnProfile, profile

pyspark_sql = pytest.importorskip("pyspark.sql", reason="needs pip install dqm[spark]")


@pytest.fixture(scope="module")
def spark() -> Iterator:
    # Workers run the interpreter of the test, which has the kernel.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        pyspark_sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


def states(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One row per column with the state of the whole partition."""
    rows = [batch for batch in batches if batch.num_rows > 0]
    if not rows:
        return
    found = profile(pa.Table.from_batches(rows), threads=1)
    yield pa.record_batch(
        {"name": list(found.columns), "state": [column.to_bytes() for column in found.columns.values()]}
    )


def test_partitions_merge_to_one_pass(spark) -> None:
    random = np.random.default_rng(1)
    table = pa.table({"x": random.normal(5, 2, 40_000), "s": random.choice(["red", "green", "blue"], 40_000)})
    frame = spark.createDataFrame(table.to_pandas()).repartition(7)
    merged: dict[str, ColumnProfile] = {}
    for row in frame.mapInArrow(states, "name string, state binary").collect():
        part = ColumnProfile.from_bytes(bytes(row.state), row.name)
        merged[row.name] = merged[row.name].merge(part) if row.name in merged else part
    once = profile(table).columns
    assert merged["s"].metrics()["distinct_count"] == 3
    assert sorted(merged["s"].top_k()) == sorted(once["s"].top_k())
    ours, expected = merged["x"].metrics(), once["x"].metrics()
    for name in ("row_count", "null_count", "min", "max", "zero_count", "negative_count", "distinct_count"):
        assert ours[name] == expected[name]
    for name in ("mean", "stddev", "skewness", "kurtosis"):
        assert ours[name] == pytest.approx(expected[name], rel=1e-12)
    for level in (0.01, 0.25, 0.5, 0.75, 0.99):
        rank = float(np.mean(table["x"].to_numpy() <= merged["x"].quantile(level)))
        assert abs(rank - level) <= 0.002
