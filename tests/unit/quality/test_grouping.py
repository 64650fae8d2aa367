from dataclasses import replace
from datetime import timedelta

from dqm_assets.quality.alert import Alert, alert_id_of
from dqm_assets.quality.grouping import group_alerts
from tests.unit.quality.test_alerts import opened

UPSTREAM = {"report": {"mart"}, "mart": {"orders"}}


def alert(dataset: str, column: str = "", minutes: int = 0, batch: str = "b", lasted: int = -1) -> Alert:
    base = opened()
    ts = base.opened_ts + timedelta(minutes=minutes)
    resolved = ts + timedelta(minutes=lasted) if lasted >= 0 else None
    made = replace(
        base, dataset=dataset, column_name=column, opened_ts=ts, first_batch=batch, resolved_ts=resolved
    )
    return replace(made, alert_id=alert_id_of(made.series, ts))


def test_columns_of_one_dataset_that_break_in_one_batch_are_one_group() -> None:
    (group,) = group_alerts([alert("orders", "a"), alert("orders", "b", 600), alert("orders", "c", 5)])
    assert len(group.alerts) == 3
    assert group.title.endswith("(and 2 more of the same cause)")


def test_what_lies_downstream_belongs_to_the_failure_that_goes_on_upstream() -> None:
    root = alert("orders", batch="x")
    (group,) = group_alerts([alert("report", minutes=500, batch="y"), root], UPSTREAM)
    assert group.root == root
    assert group.group_key == root.alert_id


def test_what_breaks_downstream_when_all_is_well_upstream_again_has_another_cause() -> None:
    alerts = [alert("orders", batch="x", lasted=60), alert("report", minutes=500, batch="y")]
    assert [len(group.alerts) for group in group_alerts(alerts, UPSTREAM)] == [1, 1]


def test_different_faults_of_batches_that_follow_closely_stay_alone() -> None:
    """A run each half minute: nearness in time is no cause."""
    alerts = [alert("orders", "a", batch="1"), alert("orders", "b", batch="2"), alert("users", batch="1")]
    assert [len(group.alerts) for group in group_alerts(alerts)] == [1, 1, 1]
