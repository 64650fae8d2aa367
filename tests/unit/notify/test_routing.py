"""Who is told of which transition."""

from datetime import timedelta

import pytest

from dqm_assets.notify.routing import History, decide
from dqm_assets.notify.rules import Channel, Rules
from dqm_assets.quality.alert import Severity
from tests.unit.notify.making import alert, at, happened


def rules(*routes: dict) -> Rules:
    channels = {name: Channel(url=f"json://localhost/{name}") for name in ("a", "b")}
    return Rules.model_validate(
        {
            "channels": channels,
            "routes": [{"name": f"r{i}", "to": "a", **route} for i, route in enumerate(routes)],
        }
    )


def told(made: Rules, *transitions: tuple) -> list[list[str]]:
    """For each (transition, minute), who is told: ``channel``, or ``-channel`` when it is dropped."""
    history = History()
    return [
        [("-" if d.dropped else "") + d.channel for d in decide(made, transition, at(minute), history)]
        for transition, minute in transitions
    ]


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ({}, True),
        ({"severity": "warning"}, True),
        ({"severity": "error"}, False),
        ({"owner": "Data Team"}, True),
        ({"owner": "data*"}, True),
        ({"owner": "finance"}, False),
        ({"dataset": ["x", "ORDERS*"]}, True),
        ({"column": "amount"}, True),
        ({"column": "amount", "dataset": "other"}, False),
    ],
)
def test_a_route_is_for_alerts_that_match_in_everything(when: dict, matches: bool) -> None:
    about = alert(dataset="orders_eu", column_name="amount", owner="data team", severity="warning")
    assert told(rules({"when": when}), (happened("opened", about), 0)) == [["a"] if matches else []]


def test_a_channel_that_several_routes_lead_to_is_told_once() -> None:
    made = rules({"to": ["a", "b"]}, {"to": "a"})
    assert told(made, (happened("opened"), 0)) == [["a", "b"]]


@pytest.mark.parametrize(
    ("cause_severity", "severity", "unseen", "expected"),
    [
        ("error", "error", 0, ["-a", "b"]),
        ("error", "warning", 0, ["-a", "b"]),
        ("error", "critical", 0, ["a", "b"]),
        ("warning", "error", 0, ["a", "b"]),
        ("error", "error", 60 * 24, ["-a", "b"]),
        ("error", "error", 60 * 24 + 1, ["a", "b"]),
        ("error", "error", None, ["a", "b"]),
    ],
)
def test_what_follows_from_a_fault_is_told_only_where_the_fault_was_not(
    cause_severity: Severity, severity: Severity, unseen: int | None, expected: list[str]
) -> None:
    """``unseen`` are minutes for which the fault was not seen any more; ``None`` when it is over or muted."""
    made = rules({"when": {"dataset": "orders"}}, {"to": ["a", "b"], "when": {"dataset": "mart"}})
    cause = alert(dataset="orders", severity=cause_severity)
    follows = alert(dataset="mart", severity=severity, group_key=cause.alert_id, caused_by=cause.alert_id)
    history = History(ongoing={} if unseen is None else {cause.alert_id: at(-unseen)})
    assert [d.dropped for d in decide(made, happened("opened", cause), at(0), history)] == [""]
    found = decide(made, happened("opened", follows), at(1), history)
    assert [("-" if one.dropped else "") + one.channel for one in found] == expected
    # Its end is told where its beginning was.
    ends = decide(made, happened("resolved", follows, when=at(2)), at(2), history)
    assert [("-" if one.dropped else "") + one.channel for one in ends] == expected


def test_what_wakes_somebody_is_told_though_its_cause_is_held_back_until_morning() -> None:
    made = rules({"quiet": {"from": "11:00", "to": "14:00"}})
    cause = alert(dataset="orders", severity="error")
    history = History(ongoing={cause.alert_id: at(0)})
    decide(made, happened("opened", cause), at(0), history)
    found = []
    for name, severity in (("mart", "error"), ("report", "critical"), ("board", "critical")):
        follows = alert(dataset=name, severity=severity, group_key=cause.alert_id, caused_by=cause.alert_id)
        [one] = decide(made, happened("opened", follows), at(1), history)
        found.append((bool(one.dropped), one.due.at))
    held = at(120)
    assert found == [(True, held), (False, at(1)), (True, at(1))]


def test_of_updates_and_acknowledgements_only_those_are_told_who_asked() -> None:
    asked = rules({}, {"to": "b", "events": ["opened", "updated", "acknowledged"]})
    rows = told(
        asked, (happened("opened"), 0), (happened("updated"), 1), (happened("acknowledged", when=at(2)), 2)
    )
    assert rows == [["a", "b"], ["b"], ["b"]]


def test_a_cooldown_holds_back_openings_of_a_series_but_nothing_worse_and_no_other_series() -> None:
    made = rules({"cooldown": "30m"})
    again = alert(opened_ts=at(10))
    other = alert(metric="mean")
    worse = alert(opened_ts=at(20), severity="critical")
    late = alert(opened_ts=at(60))
    rows = told(
        made,
        (happened("opened"), 0),
        (happened("resolved", when=at(5)), 5),
        (happened("opened", again, at(10)), 10),
        (happened("opened", other, at(11)), 11),
        (happened("resolved", again, at(12)), 12),
        (happened("opened", worse, at(20)), 20),
        (happened("opened", late, at(60)), 60),
    )
    assert rows == [["a"], ["a"], ["-a"], ["a"], ["-a"], ["a"], ["a"]]


def test_an_escalation_passes_the_cooldown() -> None:
    made = rules({"cooldown": "30m"})
    worse = happened("escalated", when=at(2), severity="error")
    rows = told(made, (happened("opened"), 0), (worse, 2), (happened("resolved", when=at(3)), 3))
    assert rows == [["a"], ["a"], ["a"]]


def test_the_end_is_told_only_to_those_who_know_of_the_beginning() -> None:
    made = rules({"when": {"severity": "error"}})
    quiet = happened("resolved", when=at(1), severity="error")
    assert told(made, (happened("opened"), 0), (quiet, 1)) == [[], ["-a"]]


def test_nothing_is_told_of_a_muted_alert_until_it_is_opened_again() -> None:
    made = rules({"events": ["opened", "reopened", "escalated", "resolved", "muted"]})
    rows = told(
        made,
        (happened("opened"), 0),
        (happened("muted", when=at(1)), 1),
        (happened("escalated", when=at(2), severity="error"), 2),
        (happened("reopened", when=at(3)), 3),
        (happened("resolved", when=at(4)), 4),
    )
    assert rows == [["a"], ["a"], ["-a"], ["a"], ["a"]]


def test_old_data_is_not_told_where_a_route_says_so() -> None:
    made = rules({"max_age": "2d"}, {"to": "b"})
    assert told(made, (happened("opened"), timedelta(days=1).total_seconds() / 60)) == [["a", "b"]]
    assert told(made, (happened("opened"), timedelta(days=3).total_seconds() / 60)) == [["b"]]


def test_the_same_transition_for_the_same_channel_is_the_same_notification() -> None:
    made = rules({"to": ["a", "b"]})
    first, again = (decide(made, happened("opened"), at(minute), History()) for minute in (0, 99))
    assert [d.notification_id for d in first] == [d.notification_id for d in again]
    assert len({d.notification_id for d in first}) == 2
