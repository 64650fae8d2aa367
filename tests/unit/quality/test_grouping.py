from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.quality.alert import Alert, alert_id_of
from dqm_assets.quality.grouping import grouped, places_of
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
        last_ts=ts,
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


@pytest.mark.parametrize(
    ("upstream", "downstream", "minutes", "follows"),
    [
        ({}, {}, 24 * HOUR, True),
        ({}, {}, 24 * HOUR + 1, False),
        ({"status": "acknowledged"}, {}, 1, True),
        ({"status": "muted"}, {}, 1, False),
        ({"detector": "scorecard"}, {}, 1, False),
        ({}, {"detector": "scorecard"}, 1, False),
    ],
)
@pytest.mark.parametrize("found_later", [False, True])
def test_only_what_was_seen_lately_and_is_looked_after_causes_anything(
    upstream: dict, downstream: dict, minutes: int, follows: bool, found_later: bool
) -> None:
    root = replace(alert("orders", batch="x"), **upstream)
    mart = replace(alert("mart", minutes=minutes, batch="y"), **downstream)
    changed = grouped([root], [mart], LINEAGE) if found_later else grouped([mart], [root], LINEAGE)
    found = {one.dataset: one for one in [root, mart, *changed]}
    assert found["mart"].caused_by == (root.alert_id if follows else "")


def plainly_grouped(opened: Sequence[Alert], known: Sequence[Alert], lineage: Lineage) -> dict[str, Alert]:
    """What `grouped` means, by looking at all alerts for each one."""
    alerts = {one.alert_id: one for one in [*known, *opened]}
    waiting = {one.alert_id for one in opened}
    day = timedelta(days=1)

    def began(one: Alert) -> tuple:
        return one.opened_ts, one.alert_id

    def went_on(one: Alert, at: Alert) -> bool:
        near = one.opened_ts - day <= at.opened_ts <= one.last_ts + day
        return near and one.status != "muted" and (one.resolved_ts is None or at.opened_ts <= one.resolved_ts)

    for alert in sorted(opened, key=lambda one: (len(lineage.ancestors(places_of(one))), *began(one))):
        waiting.discard(alert.alert_id)
        others = [one for key, one in alerts.items() if key not in waiting and key != alert.alert_id]
        above, below = lineage.ancestors(places_of(alert)), lineage.descendants(places_of(alert))
        causes = [one for one in others if not above.isdisjoint(places_of(one)) and went_on(one, alert)]
        batch = [
            one for one in others if (one.dataset, one.first_batch) == (alert.dataset, alert.first_batch)
        ]
        if causes:
            cause = min(causes, key=lambda one: (bool(one.caused_by), *began(one)))
            caused_by = cause.caused_by or cause.alert_id
        else:
            cause, caused_by = min(batch, key=began, default=alert), ""
        own = alerts[alert.alert_id] = replace(alert, group_key=cause.group_key, caused_by=caused_by)
        found = {
            one.alert_id: one
            for one in others
            if one.active and one.opened_ts >= own.opened_ts and went_on(own, one)
            if one.alert_id != caused_by and not below.isdisjoint(places_of(one))
        }
        for one in found.values():
            if one.caused_by in {"", *found}:
                leader = own.caused_by or own.alert_id
                alerts[one.alert_id] = replace(one, group_key=own.group_key, caused_by=leader)
    return alerts


@st.composite
def some_alerts(draw: st.DrawFn) -> list[Alert]:
    """Alerts of few places, batches and times, so that they meet; some already have a cause."""
    made: dict[str, Alert] = {}
    for column in range(draw(st.integers(1, 9))):
        ts = draw(st.sampled_from([0, 5, 12 * HOUR, 30 * HOUR]))
        lasted = draw(st.sampled_from([-1, 0, 10]))
        one = alert(draw(st.sampled_from("abcd")), f"c{column}", ts, draw(st.sampled_from("xy")), lasted)
        if lasted < 0:
            one = replace(one, status=draw(st.sampled_from(["open", "muted"])))
        step = draw(st.sampled_from(["", "a", "d"]))
        cause = draw(st.sampled_from(["", "", *made]))
        group = made[cause].group_key if cause else one.group_key
        evidence = replace(one.evidence, failed_step=step)
        one = replace(one, evidence=evidence, caused_by=cause, group_key=group)
        made[one.alert_id] = one
    return draw(st.permutations(list(made.values())))


@given(
    some_alerts(),
    st.integers(0, 9),
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=6),
)
def test_groups_are_those_of_the_plain_definition(
    alerts: list[Alert], count: int, edges: list[tuple[str, str]]
) -> None:
    """Whatever the lineage, circles too."""
    lineage = Lineage.of_edges(edges)
    opened, known = alerts[:count], alerts[count:]
    changed = {one.alert_id: one for one in grouped(opened, known, lineage)}
    assert {one.alert_id: one for one in alerts} | changed == plainly_grouped(opened, known, lineage)
