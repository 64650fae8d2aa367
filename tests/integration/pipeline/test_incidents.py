"""Incidents of files: late and same-time runs, what vanishes, unreadable files, what explains them."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from dqm_assets.pipeline.alerts import update_alerts
from dqm_assets.pipeline.contract_watching import read_watching
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judge import judge_runs
from dqm_assets.quality.contracts import load_contracts
from tests.integration.pipeline.conftest import NewPlatform
from tests.integration.pipeline.platform import Platform

_FIRST = date(2026, 1, 1)
_ROWS = {"SP": 60, "RJ": 40}
_CONTRACT = """
apiVersion: v3.0.2
kind: DataContract
id: orders
version: 1.0.0
status: active
team:
  name: sales
customProperties:
  - property: segmentBy
    value: country
  - property: holidays
    value: BR
schema:
  - name: orders
    properties:
      - name: id
        logicalType: integer
      - name: country
        logicalType: string
      - name: price
        logicalType: number
        logicalTypeOptions: {maximum: 500}
"""
_VERDICTS = """
    SELECT batch, column_name, metric, value, verdict, n, score,
           nullif(expected, 'NaN'::DOUBLE) AS expected, nullif(upper, 'NaN'::DOUBLE) AS upper
    FROM monitoring.verdicts WHERE detector = 'run_metric' ORDER BY ALL
"""


def _csv(day: int, rows: dict[str, int], price: float = 100.0) -> bytes:
    noise = random.Random(day)
    lines = ["id,country,price"]
    for country, count in rows.items():
        lines += [f"{len(lines) + k},{country},{noise.gauss(price, 5):.3f}" for k in range(count)]
    return "\n".join(lines).encode()


def _rows_of(day: int) -> dict[str, int]:
    return {country: count + day % 4 for country, count in _ROWS.items()}


def _drop(platform: Platform, days: Iterable[int]) -> None:
    for day in days:
        platform.drop(_name(day), _csv(day, _rows_of(day)))


def _name(day: int, suffix: str = "") -> str:
    return f"orders-{_FIRST + timedelta(days=day)}{suffix}.csv"


def _alerts(platform: Platform, **wanted: str) -> list[dict]:
    rows = platform.store.rows("SELECT * FROM monitoring.alerts ORDER BY opened_ts, alert_id")
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def _with_contract(platform: Platform, folder: Path, text: str = _CONTRACT) -> Platform:
    path = folder / "orders.odcs.yaml"
    path.write_text(text)
    [contract] = load_contracts(path)
    watching = read_watching(path, "orders")
    dataset = Dataset("orders", "orders", contract, path, watching.calendar, watching.segment_column)
    return replace(platform, dataset=dataset)


@pytest.fixture
def orders(new_platform: NewPlatform) -> Platform:
    """A dataset with two weeks of usual runs."""
    platform = new_platform("orders")
    _drop(platform, range(14))
    platform.process()
    return platform


def test_a_late_anomalous_run_raises_an_alert_although_newer_runs_were_seen(
    new_platform: NewPlatform,
) -> None:
    platform = new_platform("orders")
    _drop(platform, [day for day in range(16) if day != 12])
    # An incident of the newest day, so that the series has an alert that has seen everything.
    platform.drop(_name(16), _csv(16, {"SP": 5, "RJ": 3}))
    platform.process()
    assert len(_alerts(platform, metric="row_count")) == 1
    platform.drop(_name(12), _csv(12, {"SP": 4, "RJ": 2}))
    platform.process()
    update_alerts(platform.store, platform.dataset)
    late, newest = _alerts(platform, metric="row_count")
    assert (late["opened_ts"].date(), newest["opened_ts"].date()) == (
        _FIRST + timedelta(days=12),
        _FIRST + timedelta(days=16),
    )
    assert (late["status"], newest["status"]) == ("resolved", "open")
    version = platform.store.version()
    assert update_alerts(platform.store, platform.dataset).opened == 0
    assert platform.store.version() == version


def test_an_anomalous_run_of_the_same_time_as_one_that_was_seen_raises_an_alert(orders: Platform) -> None:
    orders.drop(_name(14, "-x"), _csv(20, _rows_of(14)))
    orders.drop(_name(15), _csv(15, {"SP": 5, "RJ": 3}))
    orders.process()
    [alert] = _alerts(orders, metric="row_count")
    assert alert["evaluations"] == 1
    orders.drop(_name(15, "-second"), _csv(21, {"SP": 4, "RJ": 3}))
    orders.process()
    [alert] = _alerts(orders, metric="row_count")
    assert alert["first_batch"] != alert["last_batch"] or alert["evaluations"] == 1
    orders.drop(_name(14, "-a"), _csv(22, {"SP": 6, "RJ": 2}))
    orders.process()
    opened = [alert["opened_ts"].date() for alert in _alerts(orders, metric="row_count")]
    assert opened == [_FIRST + timedelta(days=14), _FIRST + timedelta(days=15)]


def test_the_alert_of_a_removed_clause_resolves_and_says_so(orders: Platform, tmp_path: Path) -> None:
    watched = _with_contract(orders, tmp_path)
    watched.drop(_name(14), _csv(14, _rows_of(14), price=2_000.0))
    watched.process()
    [alert] = _alerts(watched, detector="contract")
    assert (alert["status"], alert["owner"]) == ("open", "sales")
    [opened] = watched.store.rows(
        "SELECT reason FROM monitoring.alert_events WHERE alert_id = ?", [alert["alert_id"]]
    )
    # The clause's own words: of a clause there is no band of numbers to tell.
    assert opened["reason"] == alert["title"]
    relaxed = _with_contract(orders, tmp_path, _CONTRACT.replace("{maximum: 500}", "{maximum: 5000}"))
    update_alerts(relaxed.store, relaxed.dataset)
    assert _alerts(relaxed, detector="contract")[0]["status"] == "open"
    without = _with_contract(
        orders, tmp_path, _CONTRACT.replace("        logicalTypeOptions: {maximum: 500}\n", "")
    )
    update_alerts(without.store, without.dataset)
    assert _alerts(without, detector="contract")[0]["status"] == "resolved"
    [event] = without.store.rows(
        "SELECT reason FROM monitoring.alert_events WHERE alert_id = ? AND event = 'resolved'",
        [alert["alert_id"]],
    )
    assert event["reason"] == f"the contract has no clause {alert['metric']} any more"


def test_the_alert_of_a_column_that_vanished_resolves_after_a_few_runs(orders: Platform) -> None:
    orders.drop(_name(14), _csv(14, _rows_of(14), price=400.0))
    orders.process()
    [alert] = _alerts(orders, column_name="price", metric="mean")
    assert alert["title"].startswith("Mean of price in orders is ")
    for day in range(15, 18):
        text = _csv(day, _rows_of(day)).decode()
        orders.drop(_name(day), "\n".join(line.rpartition(",")[0] for line in text.split("\n")).encode())
    orders.process()
    [alert] = _alerts(orders, column_name="price", metric="mean")
    assert alert["status"] == "resolved"
    [event] = orders.store.rows(
        "SELECT reason FROM monitoring.alert_events WHERE alert_id = ? AND event = 'resolved'",
        [alert["alert_id"]],
    )
    assert event["reason"] == "it vanished: the last 3 runs have no price"


def test_a_file_that_cannot_be_read_is_an_alert_until_the_next_good_file(new_platform: NewPlatform) -> None:
    platform = new_platform("lost")
    platform.drop("broken.csv", b"")
    platform.process()
    [alert] = _alerts(platform)
    assert (alert["metric"], alert["status"], alert["severity"]) == ("unreadable_files", "open", "error")
    assert alert["title"].startswith("broken.csv cannot be read: ")
    assert platform.store.rows("SELECT dataset FROM monitoring.datasets") == [{"dataset": "lost"}]
    platform.drop(_name(1), _csv(1, _rows_of(1)))
    platform.process()
    assert [alert["status"] for alert in _alerts(platform)] == ["resolved"]


def test_an_alert_of_runs_says_which_segment_explains_it(new_platform: NewPlatform, tmp_path: Path) -> None:
    platform = _with_contract(new_platform("orders"), tmp_path)
    assert platform.dataset.calendar is not None
    _drop(platform, range(14))
    platform.drop(_name(14), _csv(14, {"SP": 8, "RJ": 41}))
    platform.process()
    [alert] = _alerts(platform, metric="row_count")
    assert alert["segment"] == ""
    assert "SP explains" in alert["title"]
    assert "% of the drop" in alert["title"]
    kept = platform.store.rows(
        "SELECT DISTINCT segment FROM metrics.profiles WHERE column_name = 'price' ORDER BY segment"
    )
    assert [row["segment"] for row in kept] == ["", "RJ", "SP"]


def test_live_backfilled_and_shuffled_judgements_give_the_same_verdicts(new_platform: NewPlatform) -> None:
    live, shuffled = new_platform("orders"), new_platform("orders")
    days = list(range(16))
    order = days.copy()
    random.Random(4).shuffle(order)
    for platform, chunks in ((live, [days[:13], *([day] for day in days[13:])]), (shuffled, [order])):
        for chunk in chunks:
            for day in chunk:
                rows = {"SP": 5, "RJ": 3} if day == 13 else _rows_of(day)
                platform.drop(_name(day), _csv(day, rows))
            claims = platform.claim()
            platform.load(claims)
            ids = [claim.run_id for claim in claims]
            random.Random(5).shuffle(ids)
            platform.follow(ids)
    expected = live.store.rows(_VERDICTS)
    assert shuffled.store.rows(_VERDICTS) == expected
    assert any(row["verdict"] == "anomalous" for row in expected)
    ids = [row["run_id"] for row in live.store.rows("SELECT run_id FROM metrics.runs ORDER BY run_id")]
    for run_id in random.Random(6).sample(ids, 5):
        judge_runs(live.store, live.dataset, [run_id])
    assert live.store.rows(_VERDICTS) == expected
    judge_runs(live.store, live.dataset, ids)
    assert live.store.rows(_VERDICTS) == expected
