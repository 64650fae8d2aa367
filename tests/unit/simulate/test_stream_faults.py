"""Faults of the simulated stream: one source in each span, the same for the same seed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

from dqm_assets.simulate.stream import SensorStream
from dqm_assets.simulate.stream_faults import KINDS, NO_FAULTS, SOURCES, StreamFaults

START = datetime(2026, 3, 1, tzinfo=UTC)
FAULTS = StreamFaults(timedelta(minutes=5), timedelta(seconds=40))


def at(second: float, faults: StreamFaults = FAULTS) -> dict[str, str]:
    moment = START + timedelta(seconds=second)
    found = {source: faults.of(source, moment) for source in SOURCES}
    return {source: kind for source, kind in found.items() if kind}


def test_one_source_is_faulty_at_the_end_of_each_span() -> None:
    kinds = Counter(kind for span in range(100) for kind in at(span * 300 + 290).values())

    assert kinds.total() == 100
    assert set(kinds) == set(KINDS)
    assert at(0) == at(259) == at(290, NO_FAULTS) == {}
    assert at(290) == at(261) == at(290, StreamFaults(FAULTS.every, FAULTS.lasting))
    other = StreamFaults(FAULTS.every, seed=8)
    assert any(at(span * 300 + 290, other) != at(span * 300 + 290) for span in range(9))


def test_what_a_silent_source_would_have_sent_is_withheld() -> None:
    class Silent(StreamFaults):
        def of(self, source: str, moment: datetime) -> str:
            return "silence" if source == "field" else ""

    made = list(islice(SensorStream(faults=Silent(), poison_share=0.0).events(), 200))

    assert {b'"field"' in event.value for event in made} == {True, False}
    assert all(event.withheld == (b'"field"' in event.value) for event in made)
