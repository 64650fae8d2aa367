from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from dqm_assets.quality.alert import Alert, alert_id_of
from dqm_assets.quality.grouping import grouped
from dqm_assets.quality.lineage import Lineage
from tests.unit.quality.test_alerts import opened

LINEAGE = Lineage({"report": {"mart"}, "mart": {"orders"}, "orders": {"raw_orders"}})
HOUR = 60


def alert(dataset: str, column: str = "", minutes: int = 0, batch: str = "b", lasted: int = -1) -> Alert:
    base = opened()
    ts = base.opened_ts + timedelta(minutes=minutes)
    resolved = ts + timedelta(minutes=lasted) if lasted >= 0 else None
    made = replace(
        base,
        dataset=dataset,
        column_name=column,
        opened_ts=ts,
        first_batch=batch,
        resolved_ts=resolved,
        status="resolved" if lasted >= 0 else "open",
    )
    alert_id = alert_id_of(made.series, ts)
    return replace(made, alert_id=alert_id, group_key=alert_id)


def groups(changed: Sequence[Alert]) -> list[int]:
    keys = [one.group_key for one in changed]
    return sorted(keys.count(key) for key in set(keys))


def test_columns_of_one_dataset_that_break_in_one_batch_are_one_group_without_a_cause() -> None:
    changed = grouped([alert("orders", "a"), alert("orders", "b"), alert("orders", "c", 5)], [], Lineage())
    assert groups(changed) == [3]
    assert {one.caused_by for one in changed} == {""}


def test_what_the_same_batch_opens_later_joins_the_group() -> None:
    first = alert("orders", "a")
    [later] = grouped([alert("orders", "b", 600)], [first], Lineage())
    assert (later.group_key, later.caused_by) == (first.group_key, "")


def test_what_breaks_downstream_is_caused_by_the_failure_that_goes_on_upstream() -> None:
    root = alert("orders", batch="x")
    [mart] = grouped([alert("mart", minutes=HOUR, batch="y")], [root], LINEAGE)
    [report] = grouped([alert("report", minutes=2 * HOUR, batch="z")], [root, mart], LINEAGE)
    assert {mart.caused_by, report.caused_by, mart.group_key, report.group_key} == {root.alert_id}


def test_of_all_that_opens_at_once_the_most_upstream_is_the_cause() -> None:
    found = {
        one.dataset: one for one in grouped([alert(n) for n in ("report", "mart", "orders")], [], LINEAGE)
    }
    assert found["orders"].caused_by == ""
    assert {found["mart"].caused_by, found["report"].caused_by} == {found["orders"].alert_id}


def test_a_failed_step_is_upstream_of_what_it_makes_whatever_its_pipeline_is_called() -> None:
    failed = alert("nightly")
    failed = replace(failed, evidence=replace(failed.evidence, failed_step="raw_orders"))
    [mart] = grouped([alert("mart", minutes=5, batch="y")], [failed], LINEAGE)
    assert mart.caused_by == failed.alert_id


def test_a_table_that_is_dated_by_the_day_is_still_caused_by_a_fault_of_that_day() -> None:
    root = alert("orders", minutes=20 * HOUR, batch="x")
    [mart] = grouped([alert("mart", batch="day")], [root], LINEAGE)
    assert mart.caused_by == root.alert_id
    [older] = grouped([alert("mart", minutes=-5 * HOUR, batch="day")], [root], LINEAGE)
    assert older.caused_by == ""


def test_what_breaks_downstream_when_all_is_well_upstream_again_has_a_cause_of_its_own() -> None:
    root = alert("orders", batch="x", lasted=60)
    [report] = grouped([alert("report", minutes=500, batch="y")], [root], LINEAGE)
    assert (report.group_key, report.caused_by) == (report.alert_id, "")


def test_a_cause_that_is_found_later_takes_what_it_explains_and_nothing_older() -> None:
    mart, report = alert("mart", minutes=30, batch="y"), alert("report", minutes=-30, batch="z")
    changed = {one.dataset: one for one in grouped([alert("orders", batch="x")], [mart, report], LINEAGE)}
    assert changed.keys() == {"orders", "mart"}
    assert changed["mart"].caused_by == changed["orders"].alert_id


def test_datasets_that_are_made_from_one_another_never_cause_each_other() -> None:
    circle = Lineage({"a": {"b"}, "b": {"a"}})
    [first] = grouped([alert("a", batch="x")], [], circle)
    changed = {one.dataset: one for one in grouped([alert("b", minutes=0, batch="y")], [first], circle)}
    assert changed["b"].caused_by == first.alert_id
    assert "a" not in changed


def test_different_faults_of_batches_that_follow_closely_stay_alone() -> None:
    """A run each half minute: nearness in time is no cause."""
    alerts = [alert("orders", "a", batch="1"), alert("orders", "b", batch="2"), alert("users", batch="1")]
    assert groups(grouped(alerts, [], Lineage())) == [1, 1, 1]
