from dataclasses import replace
from datetime import timedelta

from dqm_assets.quality.alert import Alert, alert_id_of
from dqm_assets.quality.grouping import group_alerts
from tests.unit.quality.test_alerts import opened


def alert(dataset: str, column: str = "", minutes: int = 0, batch: str = "b") -> Alert:
    base = opened()
    ts = base.opened_ts + timedelta(minutes=minutes)
    made = replace(base, dataset=dataset, column_name=column, opened_ts=ts, first_batch=batch)
    return replace(made, alert_id=alert_id_of(made.series, ts))


def test_columns_of_one_dataset_that_break_in_one_batch_are_one_group() -> None:
    (group,) = group_alerts([alert("orders", "a"), alert("orders", "b", 600), alert("orders", "c", 5)])
    assert len(group.alerts) == 3
    assert group.title.endswith("(and 2 more of the same cause)")


def test_what_lies_downstream_belongs_to_the_failed_parent() -> None:
    upstream = {"report": {"mart"}, "mart": {"orders"}}
    late_root = alert("orders", minutes=5, batch="x")
    (group,) = group_alerts([alert("report", batch="y"), late_root], upstream)
    assert group.root == late_root
    assert group.group_key == late_root.alert_id


def test_unrelated_or_far_apart_alerts_stay_alone() -> None:
    alerts = [alert("orders"), alert("users"), alert("orders", minutes=300, batch="later")]
    assert [len(group.alerts) for group in group_alerts(alerts)] == [1, 1, 1]
