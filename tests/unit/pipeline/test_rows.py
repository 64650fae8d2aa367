"""Frozen rows as lines of the store, and JSON that any reader takes."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.store import Store


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, "null"),
        (math.inf, "1.7976931348623157e+308"),
        (-math.inf, "-1.7976931348623157e+308"),
        ({"a": [1, (math.nan,)]}, '{"a": [1, [null]]}'),
        ({"t": datetime(2026, 1, 1, tzinfo=UTC)}, '{"t": "2026-01-01T00:00:00+00:00"}'),
        ("ü", '"ü"'),
        (None, "null"),
        (True, "true"),
    ],
)
def test_json_holds_what_json_can_hold(value: object, written: str) -> None:
    assert as_json(value) == written
    json.loads(written)


@dataclass(frozen=True)
class Arrived:
    dataset: str
    run_id: str
    file: str
    rows_in: int


@dataclass(frozen=True)
class Judged:
    dataset: str
    run_id: str
    status: str


def test_a_field_that_rows_do_not_have_keeps_its_stored_value(store: Store) -> None:
    for row in (Arrived("d", "r", "r.csv", 3), Judged("d", "r", "GOOD")):
        with store.transaction("metrics.runs") as tx:
            upsert_rows(tx, "metrics.runs", [row])
            upsert_rows(tx, "metrics.runs", [])
    found = store.rows("SELECT dataset, run_id, file, rows_in, status FROM metrics.runs")
    assert found == [{"dataset": "d", "run_id": "r", "file": "r.csv", "rows_in": 3, "status": "GOOD"}]
