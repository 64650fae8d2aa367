"""Each record is an event or a dead letter with its reason, and no record spoils its batch."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pyarrow as pa
import pytest

from dqm_assets.simulate.stream import POISON, SensorStream
from dqm_assets.sources.streams.classify import LATE_AFTER, REASONS, RECORDS, Classifier

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def classifier() -> Iterator[Classifier]:
    with Classifier() as opened:
        yield opened


def event(**changes: Any) -> dict[str, Any]:
    whole = {
        "event_id": "e1",
        "source": "plant-a",
        "sensor": "s1",
        "ts": "2026-05-04T11:59:59.5+00:00",
        "value": 20.5,
        "status": "ok",
        **changes,
    }
    return {name: value for name, value in whole.items() if value != "absent"}


def records(*values: Any, produced_at: datetime = NOW) -> pa.Table:
    raw = [value if isinstance(value, bytes | None) else json.dumps(value).encode() for value in values]
    amount = len(raw)
    return pa.table(
        {
            "topic": ["t"] * amount,
            "partition": [3] * amount,
            "record_offset": list(range(amount)),
            "produced_at": [produced_at] * amount,
            "simulated": [True] * amount,
            "raw": raw,
        },
        schema=RECORDS,
    )


def test_an_event_keeps_its_values_and_where_it_came_from(classifier: Classifier) -> None:
    events, dead = classifier.split(records(event(value=7)))

    assert dead.num_rows == 0
    (row,) = events.to_pylist()
    assert row == {
        "topic": "t",
        "partition": 3,
        "record_offset": 0,
        "produced_at": NOW,
        "simulated": True,
        "event_id": "e1",
        "source": "plant-a",
        "sensor": "s1",
        "ts": NOW - timedelta(seconds=0.5),
        "value": 7.0,
        "status": "ok",
        "late": False,
    }


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param(None, "tombstone", id="tombstone"),
        pytest.param(b"\xff\xfe{}", "not_utf8", id="not_utf8"),
        pytest.param(b"", "not_json", id="empty"),
        pytest.param(b'{"event_id": ', "not_json", id="truncated"),
        pytest.param([event()], "not_json", id="a list"),
        pytest.param(12, "not_json", id="a number"),
        pytest.param(event(sensor="absent"), "missing_field", id="no sensor"),
        pytest.param({}, "missing_field", id="no field"),
        pytest.param(event(status=None), "wrong_type", id="null status"),
        pytest.param(event(value="high"), "wrong_type", id="text value"),
        pytest.param(event(value="20.5"), "wrong_type", id="number as text"),
        pytest.param(event(value=[1]), "wrong_type", id="list value"),
        pytest.param(event(ts="yesterday"), "wrong_type", id="no time"),
        pytest.param(event(ts="1970-01-01T00:00:00Z"), "impossible_time", id="1970"),
        pytest.param(event(ts="2026-05-04T13:00:01Z"), "impossible_time", id="future"),
        pytest.param(event(value=1e12), "out_of_range", id="huge"),
        pytest.param(event(event_id=""), "out_of_range", id="empty id"),
        pytest.param(event(source="x" * 65), "out_of_range", id="long source"),
    ],
)
def test_what_is_no_event_is_a_dead_letter_with_its_reason_and_bytes(
    classifier: Classifier, value: Any, code: str
) -> None:
    batch = records(event(), value, event())

    events, dead = classifier.split(batch)

    assert events["record_offset"].to_pylist() == [0, 2]
    (letter,) = dead.to_pylist()
    assert (letter["record_offset"], letter["code"], letter["reason"]) == (1, code, REASONS[code])
    assert letter["raw"] == batch["raw"][1].as_py()


@pytest.mark.parametrize(("age", "late"), [(LATE_AFTER, False), (LATE_AFTER + timedelta(seconds=1), True)])
def test_an_event_that_took_long_is_late(classifier: Classifier, age: timedelta, late: bool) -> None:
    events, _ = classifier.split(records(event(ts=(NOW - age).isoformat())))

    assert events["late"].to_pylist() == [late]


def test_times_without_a_zone_are_utc_and_other_zones_are_understood(classifier: Classifier) -> None:
    events, _ = classifier.split(
        records(event(ts="2026-05-04T11:00:00"), event(ts="2026-05-04T08:00:00-03:00"))
    )

    assert events["ts"].to_pylist() == [NOW - timedelta(hours=1)] * 2


def test_an_empty_batch_gives_nothing(classifier: Classifier) -> None:
    events, dead = classifier.split(RECORDS.empty_table())

    assert (events.num_rows, dead.num_rows) == (0, 0)


def test_every_simulated_record_is_classified_as_what_it_was_made(classifier: Classifier) -> None:
    made = list(islice(SensorStream(poison_share=0.2).events(), 3000))
    batch = records(*(one.value for one in made), produced_at=datetime.now(UTC))

    events, dead = classifier.split(batch)

    found = dict(zip(dead["record_offset"].to_pylist(), dead["code"].to_pylist(), strict=True))
    assert found == {place: one.poison for place, one in enumerate(made) if one.poison}
    assert set(found.values()) == set(POISON)
    late = dict(zip(events["record_offset"].to_pylist(), events["late"].to_pylist(), strict=True))
    assert {place for place, is_late in late.items() if is_late} == {
        place for place, one in enumerate(made) if one.late and not one.poison
    }
    assert any(one.repeated for one in made)
