from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.quality.alert import Alert, AlertEvent, Evidence, SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding, acknowledge, advance, mute, resolve
from dqm_assets.quality.verdict import Verdict, VerdictName

SERIES = SeriesKey("orders", "amount", "", "mean", "ensemble")
START = datetime(2026, 1, 1, tzinfo=UTC)


def finding(hour: int, name: VerdictName = "anomalous", value: float = 20.0) -> Finding:
    ts = START + timedelta(hours=hour)
    verdict = Verdict(ts, value, 10.0, 6.0, 14.0, 1.0, abs(value - 10.0), name, "ensemble", 50, 8, {})
    return Finding(SERIES, f"batch-{hour}", verdict)


def replay(
    findings: list[Finding], alert: Alert | None = None, policy: AlertPolicy | None = None
) -> tuple[Alert | None, list[AlertEvent]]:
    events: list[AlertEvent] = []
    for one in findings:
        alert, new = advance(alert, one, policy)
        events.extend(new)
    return alert, events


def names(events: list[AlertEvent]) -> list[str]:
    return [event.event for event in events]


def opened(hour: int = 0) -> Alert:
    alert, _ = advance(None, finding(hour))
    assert alert is not None
    return alert


def test_learning_and_normal_points_open_nothing() -> None:
    assert replay([finding(0, "learning"), finding(1, "normal")]) == (None, [])


def test_an_incident_of_a_thousand_evaluations_is_one_alert_and_tells_each_transition_once() -> None:
    calm = [finding(1000 + hour, "normal", 10.0) for hour in range(5)]
    alert, events = replay([finding(hour) for hour in range(1000)] + calm)
    assert alert is not None
    assert (alert.evaluations, alert.status, alert.opened_ts) == (1000, "resolved", START)
    assert names(events) == ["opened", "escalated", "resolved"]
    assert {event.alert_id for event in events} == {alert.alert_id}


def test_the_same_finding_twice_changes_nothing() -> None:
    alert, _ = replay([finding(0), finding(1)])
    assert advance(alert, finding(1)) == (alert, ())
    assert advance(alert, finding(0)) == (alert, ())


def test_a_replay_makes_the_same_ids() -> None:
    findings = [finding(hour) for hour in range(30)]
    assert replay(findings) == replay(findings)
    assert len({event.event_id for event in replay(findings)[1]}) == len(replay(findings)[1])


def test_other_series_and_other_starts_are_other_alerts() -> None:
    other = replace(SERIES, segment="SP")
    elsewhere, _ = advance(None, Finding(other, "batch-0", finding(0).verdict))
    assert elsewhere is not None
    assert len({opened().alert_id, opened(1).alert_id, elsewhere.alert_id}) == 3


def test_it_resolves_after_enough_normal_points_in_a_row() -> None:
    calm = [
        finding(1, "normal"),
        finding(2, "normal"),
        finding(3),
        finding(4, "normal"),
        finding(5, "normal"),
    ]
    alert, events = replay([finding(0), *calm])
    assert alert is not None
    assert alert.status == "open"
    alert, events = replay([finding(6, "normal")], alert)
    assert alert is not None
    assert alert.resolved_ts == START + timedelta(hours=6)
    assert names(events) == ["resolved"]


def test_soon_after_the_end_it_reopens_and_later_it_is_another_alert() -> None:
    over, _ = replay([finding(0)] + [finding(hour, "normal") for hour in (1, 2, 3)])
    assert over is not None
    again, events = advance(over, finding(10))
    assert again is not None
    assert (again.alert_id, again.status, names(list(events))) == (over.alert_id, "open", ["reopened"])
    later, events = advance(over, finding(100))
    assert later is not None
    assert later.alert_id != over.alert_id
    assert names(list(events)) == ["opened"]


def test_severity_rises_with_distance_and_duration_and_never_falls() -> None:
    policy = AlertPolicy(escalate_after=3)
    alert, events = replay(
        [finding(0, value=15.0), finding(1, value=30.0), finding(2, value=15.0)], policy=policy
    )
    assert alert is not None
    assert (alert.severity, names(events)) == ("error", ["opened", "escalated"])
    long, _ = replay([finding(hour, value=15.0) for hour in range(5)], policy=policy)
    assert long is not None
    assert long.severity == "error"


def test_an_incident_that_gets_worse_is_reported_once() -> None:
    _, events = replay([finding(0, value=15.0), finding(1, value=19.0), finding(2, value=19.0)])
    assert names(events) == ["opened", "updated"]


def test_an_acknowledged_incident_stays_so_until_it_resolves() -> None:
    alert, events = acknowledge(opened(), "ana", "looking", START + timedelta(minutes=5))
    assert names(list(events)) == ["acknowledged"]
    alert, events = replay([finding(1), *(finding(hour, "normal") for hour in (2, 3, 4))], alert)
    assert names(events) == ["resolved"]


def test_a_muted_incident_tells_nothing_until_the_mute_ends() -> None:
    alert, _ = mute(opened(), "ana", "planned", START, until=START + timedelta(hours=3))
    alert, events = replay([finding(1), finding(2)], alert)
    assert events == []
    alert, events = replay([finding(3)], alert)
    assert alert is not None
    assert (alert.status, names(events)) == ("open", ["reopened"])


def test_what_is_resolved_cannot_be_acknowledged() -> None:
    alert, events = resolve(opened(), "ana", "fixed", START)
    assert alert is not None
    assert names(list(events)) == ["resolved"]
    assert resolve(alert, "ana", "fixed", START) == (alert, ())
    with pytest.raises(SettingsError, match="is resolved"):
        acknowledge(alert, "ana", "", START)


def test_evidence_survives_the_json_column() -> None:
    alert, _ = replay([finding(hour) for hour in range(9)])
    assert alert is not None
    assert Evidence.from_document(alert.evidence.to_document()) == alert.evidence
    assert [point.batch for point in alert.evidence.first_points] == [f"batch-{hour}" for hour in range(5)]
