"""What must hold for the lifecycle whatever arrives, however often, in whatever order."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.quality.alert import Alert, AlertEvent
from dqm_assets.quality.alerts import AlertPolicy, Finding, advance
from tests.unit.quality.test_alerts import finding

NAMES = st.lists(st.sampled_from(["normal", "anomalous", "learning"]), min_size=1, max_size=60)
POLICY = AlertPolicy(resolve_after=2, reopen_within=timedelta(hours=5), escalate_after=4)


def findings(names: list[str]) -> list[Finding]:
    return [finding(hour, name) for hour, name in enumerate(names)]


def run(stream: list[Finding], alert: Alert | None = None) -> tuple[Alert | None, dict[str, AlertEvent]]:
    events: dict[str, AlertEvent] = {}
    for one in stream:
        alert, new = advance(alert, one, POLICY)
        for event in new:
            assert event.event_id not in events
            events[event.event_id] = event
    return alert, events


@given(NAMES)
def test_a_repeated_finding_changes_nothing(names: list[str]) -> None:
    doubled = [one for one in findings(names) for _ in range(2)]
    assert run(doubled) == run(findings(names))


@given(NAMES, st.randoms(use_true_random=False))
def test_seen_findings_may_come_again_in_any_order(names: list[str], random) -> None:
    alert, _ = run(findings(names))
    if alert is None:
        return
    again = [one for one in findings(names) if one.verdict.ts <= alert.evidence.seen_ts]
    random.shuffle(again)
    assert run(again, alert) == (alert, {})


@given(NAMES, st.data())
def test_a_crash_anywhere_and_a_retry_from_the_last_saved_alert_end_the_same(names: list[str], data) -> None:
    stream = findings(names)
    cut = data.draw(st.integers(0, len(stream)))
    resume = data.draw(st.integers(0, cut))
    saved, early = run(stream[:cut])
    ended, late = run(stream[resume:] if saved is not None else stream, saved)
    expected, events = run(stream)
    assert ended == expected
    assert early | late == events


@given(NAMES)
def test_each_incident_is_one_alert(names: list[str]) -> None:
    alert, opened, reopened = None, set(), 0
    for one in findings(names):
        alert, events = advance(alert, one, POLICY)
        opened |= {event.alert_id for event in events if event.event == "opened"}
        reopened += sum(event.event == "reopened" for event in events)
    calm, runs, since = POLICY.resolve_after, 0, 10**9
    for name in names:
        if name == "anomalous":
            runs += since >= calm
            since = 0
        elif name == "normal":
            since += 1
    assert len(opened) + reopened == runs
