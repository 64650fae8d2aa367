from datetime import UTC, datetime, time, timedelta

import pytest

from dqm_assets.quality.contracts.sla import Availability, Sla
from tests.unit.quality.contracts.making import NOW, compile_text, contract


def terms(*lines: str) -> Sla:
    return contract("slaProperties:\n" + "\n".join(f"  - {{{line}}}" for line in lines)).sla


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("property: latency, value: 4, unit: d", "latency", timedelta(days=4)),
        ("property: latency, value: 1.5, unit: hours", "latency", timedelta(minutes=90)),
        ("property: frequency, value: 10, unit: min", "frequency", timedelta(minutes=10)),
        ("property: retention, value: 3, unit: y", "retention", timedelta(days=1095)),
        ("property: endOfLife, value: '2030-01-01'", "end_of_life", datetime(2030, 1, 1, tzinfo=UTC)),
    ],
)
def test_service_levels_are_read_in_their_units(line: str, name: str, expected: object) -> None:
    assert getattr(terms(line), name) == expected


def test_the_element_names_the_timestamp_column() -> None:
    judged = contract("""
        schema:
          - name: t
            properties: [{name: first, logicalType: timestamp}, {name: made, physicalName: made_at}]
        slaProperties:
          - {property: latency, value: 1, unit: d, element: t.made}
    """)
    assert judged.timestamp_column == "made_at"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("property: latency, value: 1, unit: fortnights", "is not known"),
        ("property: errorRate, value: 1, unit: percent", "is not enforced"),
        ("property: latency, value: soon, unit: d", "could not convert"),
    ],
)
def test_what_is_not_enforced_is_refused_by_name(line: str, reason: str) -> None:
    contracts, problems = compile_text(f"slaProperties:\n  - {{{line}}}\n")
    (refusal,) = contracts[0].refusals
    assert problems == []
    assert reason in refusal.reason
    assert refusal.line == 6


@pytest.mark.parametrize(
    ("sla", "good", "bad"),
    [
        (
            Sla(latency=timedelta(days=1)),
            {"newest": NOW - timedelta(hours=23)},
            {"newest": NOW - timedelta(hours=25)},
        ),
        (Sla(latency=timedelta(days=1)), {"newest": NOW}, {"newest": None}),
        (
            Sla(frequency=timedelta(hours=1)),
            {"newest": NOW, "arrivals": [NOW - timedelta(days=1), NOW - timedelta(minutes=59)]},
            {"newest": NOW, "arrivals": [NOW - timedelta(minutes=61)]},
        ),
        (
            Sla(frequency=timedelta(hours=1)),
            {"newest": NOW, "arrivals": [NOW]},
            {"newest": NOW, "arrivals": []},
        ),
        (
            Sla(retention=timedelta(days=90)),
            {"newest": NOW, "oldest": NOW - timedelta(days=89)},
            {"newest": NOW, "oldest": NOW - timedelta(days=91)},
        ),
        (
            Sla(availability=(Availability(time(9, tzinfo=UTC)),)),
            {"newest": NOW - timedelta(hours=20)},
            {"newest": NOW - timedelta(hours=28)},
        ),
        (Sla(end_of_life=NOW), {"newest": NOW}, None),
        (Sla(end_of_life=NOW - timedelta(seconds=1)), None, {"newest": NOW}),
        (Sla(end_of_support=NOW - timedelta(seconds=1)), None, {"newest": NOW}),
    ],
)
def test_every_service_level_can_hold_and_break(sla: Sla, good: dict | None, bad: dict | None) -> None:
    assert good is None or sla.breaches(NOW, **good) == []
    assert bad is None or len(sla.breaches(NOW, **bad)) == 1


def test_data_is_not_due_before_its_time() -> None:
    sla = Sla(availability=(Availability(time(13, tzinfo=UTC)),))
    assert sla.breaches(NOW, newest=None) == []
