"""Observing points of any source: verdicts, states, alerts, each once."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dqm_assets.pipeline.datasets import register_source
from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store

_START = datetime(2026, 1, 5, tzinfo=UTC)
_VERDICTS = """
    SELECT column_name, segment, metric, detector, batch, ts, value,
           nullif(expected, 'NaN'::DOUBLE) AS expected, nullif(lower, 'NaN'::DOUBLE) AS lower,
           nullif(upper, 'NaN'::DOUBLE) AS upper, score, verdict, n
    FROM monitoring.verdicts WHERE dataset = ? ORDER BY ALL
"""
ROBUST = Watch(
    "row_count", "volume", method="robust", sensitivity=Sensitivity.per_points(1_000), kind="count"
)


def _point(i: int, value: float, segment: str = "", metric: str = "row_count") -> Point:
    return Point("", segment, metric, f"b{i:05d}", _START + timedelta(hours=i), value)


def _series(count: int, seed: int = 1) -> list[Point]:
    noise = random.Random(seed)
    return [_point(i, round(noise.gauss(1_000, 20))) for i in range(count)]


def _alerts(store: Store, dataset: str = "source") -> list[dict]:
    return store.rows("SELECT * FROM monitoring.alerts WHERE dataset = ? ORDER BY opened_ts", [dataset])


def _observe_each(store: Store, dataset: str, points: Sequence[Point], watch: Watch = ROBUST) -> None:
    for point in points:
        observe(store, dataset, [point], [watch])


def test_points_one_by_one_and_all_at_once_get_the_same_verdicts(store: Store) -> None:
    points = [*_series(40), _point(40, 300), *(_point(i, 1_000) for i in range(41, 50))]
    observe(store, "live", points[:30], [ROBUST])
    _observe_each(store, "live", points[30:])
    observe(store, "backfill", points, [ROBUST])
    live, backfill = store.rows(_VERDICTS, ["live"]), store.rows(_VERDICTS, ["backfill"])
    assert live == backfill
    assert len(live) == 50
    opened = [[alert["opened_ts"] for alert in _alerts(store, name)] for name in ("live", "backfill")]
    assert opened[0] == opened[1] == [_START + timedelta(hours=40)]


def test_the_same_points_again_change_nothing(store: Store) -> None:
    points = [*_series(20), _point(20, 10)]
    first = observe(store, "source", points, [ROBUST], owner="sales")
    version = store.version()
    again = observe(store, "source", points, [ROBUST], owner="sales")
    assert (first.points, first.opened, again.points) == (21, 1, 0)
    assert store.version() == version
    [alert] = _alerts(store)
    assert alert["owner"] == "sales"
    assert alert["title"].startswith("Number of rows in source is 10, expected ")


def test_points_that_the_retention_removed_are_not_judged_twice(store: Store) -> None:
    long_ago = [replace(point, ts=point.ts - timedelta(days=3_650)) for point in _series(10)]
    for _ in range(2):
        observe(store, "source", long_ago, [ROBUST])
        assert len(store.rows(_VERDICTS, ["source"])) == len(long_ago)
        with store.transaction() as tx:
            tx.delete("metrics.metrics", "dataset = ?", ["source"])


def test_a_late_anomaly_gets_its_verdict_from_what_was_before_it_and_raises_an_alert(store: Store) -> None:
    points = _series(40)
    late = _point(30, 5)
    observe(store, "source", [point for point in points if point.batch != late.batch], [ROBUST])
    summary = observe(store, "source", [late], [ROBUST])
    assert (summary.anomalous, summary.opened) == (1, 1)
    [verdict] = store.rows(
        "SELECT n, verdict FROM monitoring.verdicts WHERE dataset = 'source' AND batch = ?", [late.batch]
    )
    assert verdict == {"n": 30, "verdict": "anomalous"}
    observe(store, "source", [_point(i, 1_000) for i in range(40, 44)], [ROBUST])
    assert [alert["status"] for alert in _alerts(store)] == ["resolved"]


def test_two_batches_of_one_time_are_both_judged(store: Store) -> None:
    observe(store, "source", _series(30), [ROBUST])
    same = _START + timedelta(hours=30)
    for batch, value in (("b", 1_000), ("a", 3)):
        observe(store, "source", [Point("", "", "row_count", batch, same, value)], [ROBUST])
    assert [(alert["first_batch"], alert["status"]) for alert in _alerts(store)] == [("a", "open")]


def test_a_corrected_value_is_judged_again(store: Store) -> None:
    observe(store, "source", [*_series(30), _point(30, 2)], [ROBUST])
    observe(store, "source", [_point(30, 1_001)], [ROBUST])
    rows = store.rows(
        "SELECT m.value, v.verdict FROM metrics.metrics AS m JOIN monitoring.verdicts AS v "
        "USING (dataset, column_name, segment, metric, batch) WHERE batch = 'b00030'"
    )
    assert rows == [{"value": 1_001, "verdict": "normal"}]


def test_several_detectors_judge_one_metric_side_by_side(store: Store) -> None:
    share = Watch("row_count", "share_drop", method="share_drop", parameters={"history": 4, "drop": 0.15})
    observe(store, "source", [*_series(12), _point(12, 700)], [ROBUST, share])
    assert {alert["detector"] for alert in _alerts(store)} == {"volume", "share_drop"}


def test_states_go_on_where_they_were_left_whatever_the_method(store: Store) -> None:
    for method in ("zscore", "robust", "seasonal", "ensemble", "share_drop"):
        watch = Watch("row_count", method, method=method, kind="count")
        points = _series(70)
        observe(store, f"{method}_live", points[:64], [watch])
        _observe_each(store, f"{method}_live", points[64:], watch)
        observe(store, f"{method}_whole", points, [watch])
        assert store.rows(_VERDICTS, [f"{method}_live"]) == store.rows(_VERDICTS, [f"{method}_whole"])


def test_an_alert_says_which_segment_explains_the_drop(store: Store) -> None:
    for i in range(31):
        sp = 500 if i < 30 else 60
        rj = 300 if i < 30 else 290
        total = sp + rj + (i % 7)
        observe(
            store,
            "source",
            [_point(i, total), _point(i, sp, "SP"), _point(i, rj, "RJ")],
            [Watch("row_count", "volume", method="robust", kind="count", segments=False)],
        )
    [alert] = _alerts(store)
    assert "SP explains 9" in alert["title"]
    assert "% of the drop" in alert["title"]


def test_thousands_of_series_take_one_call(store: Store) -> None:
    watch = Watch("share", "share_drop", method="share_drop", parameters={"history": 4, "drop": 0.15})
    for i in range(6):
        values = [0.5 if i < 5 or s % 1_000 else 0.1 for s in range(2_000)]
        points = [_point(i, value, f"s{s}", "share") for s, value in enumerate(values)]
        summary = observe(store, "devices", points, [watch])
    assert (summary.verdicts, summary.opened) == (2_000, 2)


def test_a_registered_source_is_in_the_catalogue_and_registering_it_again_writes_nothing(
    store: Store,
) -> None:
    register_source(store, "devices", "raw.devices", "ops", "", "Devices by segment.", True)
    version = store.version()
    register_source(store, "devices", "raw.devices", "ops", "", "Devices by segment.", True)
    assert store.version() == version
    [row] = store.rows("SELECT dataset, table_name, owner, simulated FROM monitoring.datasets")
    assert row == {"dataset": "devices", "table_name": "raw.devices", "owner": "ops", "simulated": True}


@pytest.mark.parametrize("seed", [1, 2])
def test_points_in_any_order_leave_the_same_state(store: Store, seed: int) -> None:
    points = _series(40)
    shuffled = points.copy()
    random.Random(seed).shuffle(shuffled)
    observe(store, "ordered", points, [ROBUST])
    for start in range(0, 40, 10):
        observe(store, "shuffled", shuffled[start : start + 10], [ROBUST])
    after = _point(40, 1_100)
    for dataset in ("ordered", "shuffled"):
        observe(store, dataset, [after], [ROBUST])
    ordered, other = (
        store.rows(_VERDICTS.replace("WHERE", "WHERE batch = 'b00040' AND"), [name])
        for name in ("ordered", "shuffled")
    )
    assert ordered == other


def test_a_state_that_another_version_wrote_is_learned_anew(store: Store) -> None:
    points = _series(32)
    observe(store, "source", points[:30], [ROBUST])
    states = store.query("SELECT * FROM monitoring.detector_states")
    broken = states.set_column(states.column_names.index("state"), "state", [[b"from another version"]])
    with store.transaction() as tx:
        tx.upsert("monitoring.detector_states", broken)
    for point in points[30:]:
        observe(store, "source", [point], [ROBUST])
    observe(store, "whole", points, [ROBUST])
    assert store.rows(_VERDICTS, ["source"]) == store.rows(_VERDICTS, ["whole"])


def test_what_two_detectors_find_is_one_alert_with_what_both_say(store: Store) -> None:
    drop = Watch("share", "share_drop", "share_drop", kind="share", bad_when="low")
    seasonal = Watch(
        "share", "seasonal", kind="share", bad_when="low", least_relative=0.15, joins="share_drop"
    )
    noise = random.Random(4)
    values = [0.9 + noise.uniform(-0.02, 0.02) for _ in range(60)] + [0.3] * 12
    points = [_point(i, value, metric="share") for i, value in enumerate(values)]
    for part in (points[:59], points[59:64], points[64:]):
        observe(store, "fleet", part, [drop, seasonal])
    (alert,) = _alerts(store, "fleet")
    # The drop is over after four points, the season is not back yet: the incident goes on.
    assert (alert["detector"], alert["status"], alert["evaluations"]) == ("share_drop", "open", 12)
    said = {each["detector"]: each for each in json.loads(alert["evidence"])["detectors"]}
    assert said.keys() == {"share_drop", "seasonal"}
    assert said["seasonal"]["since"] == (_START + timedelta(hours=60)).isoformat()
    events = store.rows("SELECT event FROM monitoring.alert_events WHERE alert_id = ?", [alert["alert_id"]])
    assert [event["event"] for event in events].count("opened") == 1
    bounds = store.rows(
        "SELECT min(lower) AS low, max(upper) AS high FROM monitoring.verdicts "
        "WHERE dataset = 'fleet' AND isfinite(lower) AND isfinite(upper)"
    )[0]
    assert bounds["low"] is None or (bounds["low"] >= 0 and bounds["high"] <= 1)


def test_an_alert_of_old_data_is_raised_when_it_is_told(store: Store) -> None:
    began = datetime.now(UTC)
    observe(store, "old", [*_series(40), _point(40, 300)], [ROBUST])
    (alert,) = _alerts(store, "old")
    assert alert["opened_ts"] == _START + timedelta(hours=40)
    assert alert["raised_at"] >= began
    (event,) = store.rows("SELECT ts, recorded_at FROM monitoring.alert_events WHERE event = 'opened'")
    assert (event["ts"], event["recorded_at"]) == (alert["opened_ts"], alert["raised_at"])
    observe(store, "old", [_point(41, 300)], [ROBUST])
    assert _alerts(store, "old")[0]["raised_at"] == alert["raised_at"]
