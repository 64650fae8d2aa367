"""Spark for real, in this process; it starts a virtual machine, so only where it is asked for."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from dqm_assets.sources.databases.connection import open_engine
from dqm_assets.sources.databases.source import DatabaseSource
from tests.integration.databases.test_engines import ROWS, START, looked, plain

pytestmark = pytest.mark.skipif(
    not os.environ.get("DQM_SPARK_TESTS")
    or not importlib.util.find_spec("pyspark")
    or not shutil.which("java"),
    reason="DQM_SPARK_TESTS is not set, or pyspark or Java is missing",
)


def test_spark_says_the_same_as_the_kernel(tmp_path: Path) -> None:
    source = DatabaseSource(source="here", url=f"spark://local?spark.sql.warehouse.dir={tmp_path}")
    engine = open_engine(source)
    try:
        session = engine._backend._session  # ty: ignore[missing-attribute]
        columns = (
            "id long, at timestamp, price decimal(12,2), weight double, name string, ok boolean, "
            "day date, op string"
        )
        rows = [(row[0], row[1], *plain(row)[2:]) for row in ROWS]
        session.createDataFrame(rows, columns).createOrReplaceTempView("things")
        pushed = looked(engine, source, table="things", distinct="exact")
        kernel = looked(engine, source, table="things", profile="kernel")
        log = looked(engine, source, table="things", kind="cdc", operation={"column": "op"})
    finally:
        engine.close()

    assert [one.rows for one in pushed.periods] == [160, 160, 160, 20]
    assert pushed.periods[0].start == START
    for one, other in zip(pushed.periods, kernel.periods, strict=True):
        for column, numbers in one.columns.items():
            same = {metric: other.columns[column].get(metric) for metric in numbers}
            assert same == pytest.approx(numbers, rel=1e-9), (one.start, column)
    assert log.periods[0].operations == {"inserts": 3, "updates": 2, "deletes": 2}
