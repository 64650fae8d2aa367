"""Records become counts by window and source, the same however they are cut into batches."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqm_assets.quality.profile import ColumnProfile
from dqm_assets.sources.streams import windows
from dqm_assets.sources.streams.window_judge import WindowSum
from dqm_assets.sources.streams.windows import UNKNOWN_SOURCE, WindowCounter

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIDTH = timedelta(seconds=5)


def events(rows: list[tuple[int, str, float, str]]) -> pa.Table:
    """Events of one partition: second, id, value and status; the source is the id's first letter."""
    return pa.table(
        {
            "topic": ["t"] * len(rows),
            "partition": [0] * len(rows),
            "record_offset": list(range(len(rows))),
            "event_id": [row[1] for row in rows],
            "source": [row[1][0] for row in rows],
            "value": [row[2] for row in rows],
            "status": [row[3] for row in rows],
            "produced_at": [START + timedelta(seconds=row[0]) for row in rows],
            "late": [False] * len(rows),
            "simulated": [True] * len(rows),
        },
        schema=windows._EVENTS,
    )


def letters(*raw: bytes | None) -> pa.Table:
    return pa.table(
        {
            "topic": ["t"] * len(raw),
            "partition": [0] * len(raw),
            "record_offset": list(range(100, 100 + len(raw))),
            "raw": list(raw),
            "produced_at": [START] * len(raw),
            "simulated": [False] * len(raw),
        },
        schema=windows._LETTERS,
    )


def summed(tables: list[pa.Table]) -> dict[tuple[str, datetime], tuple]:
    """Counts, mean and standard deviation of each source and window over all parts."""
    found: dict[tuple[str, datetime], WindowSum] = {}
    for row in pa.concat_tables(tables).to_pylist():
        state = ColumnProfile.from_bytes(row["state"]) if row["state"] else None
        one = WindowSum(
            row["events"], row["dead_letters"], row["error_events"], row["late"], row["duplicates"], state
        )
        key = row["source"], row["window_start"]
        found[key] = found[key].plus(one) if key in found else one
    return {
        key: (s.events, s.dead_letters, s.error_events, s.duplicates, _moments(s)) for key, s in found.items()
    }


def _moments(found: WindowSum) -> tuple | None:
    if found.values is None:
        return None
    metrics = found.values.metrics()
    return metrics["mean"], metrics["stddev"] or 0.0


def assert_same(found: dict, expected: dict) -> None:
    """Counts are equal, moments to rounding."""
    assert {key: each[:4] for key, each in found.items()} == {key: each[:4] for key, each in expected.items()}
    for key, each in found.items():
        if each[4] is None:
            assert expected[key][4] is None
        else:
            assert each[4] == pytest.approx(expected[key][4], rel=1e-9, abs=1e-6)


def test_events_count_in_the_window_in_which_they_came() -> None:
    rows = [(0, "a1", 1.0, "ok"), (4, "a2", 3.0, "error"), (5, "a3", 7.0, "ok"), (4, "b1", 2.0, "warn")]
    with WindowCounter(WIDTH) as counter:
        counted = counter.count(events(rows), letters())
    found = {(row["source"], row["window_start"]): row for row in counted.to_pylist()}

    assert set(found) == {("a", START), ("a", START + WIDTH), ("b", START)}
    first = found["a", START]
    assert (first["events"], first["error_events"], first["window_seconds"]) == (2, 1, 5.0)
    assert ColumnProfile.from_bytes(first["state"]).metrics()["mean"] == 2.0


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        (json.dumps({"source": "a", "value": "high"}).encode(), "a"),
        (b'{"source": ""}', UNKNOWN_SOURCE),
        (b'{"source": "a', UNKNOWN_SOURCE),
        (b"\xff\xfe", UNKNOWN_SOURCE),
        (None, UNKNOWN_SOURCE),
    ],
)
def test_a_dead_letter_counts_for_its_source_when_that_can_be_read(raw: bytes | None, source: str) -> None:
    with WindowCounter(WIDTH) as counter:
        (row,) = counter.count(events([]), letters(raw)).to_pylist()

    assert (row["source"], row["dead_letters"], row["events"], row["state"]) == (source, 1, 0, b"")


def test_a_repetition_is_known_across_batches_once_they_are_kept() -> None:
    made = events([(0, "a1", 1.0, "ok"), (1, "a1", 1.0, "ok"), (8, "a1", 1.0, "ok"), (30, "a1", 1.0, "ok")])
    with WindowCounter(WIDTH) as counter:
        first = counter.count(made.slice(0, 1), letters())
        again = counter.count(made.slice(0, 1), letters())
        counter.kept()
        rest = counter.count(made.slice(1), letters())

    assert first["duplicates"].to_pylist() == again["duplicates"].to_pylist() == [0]
    # The last came more than ten seconds after the one before it.
    assert rest["duplicates"].to_pylist() == [1, 1, 0]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 20), st.sampled_from(["a1", "a2", "b1"]), st.floats(-1e6, 1e6), st.just("ok")
        ),
        max_size=30,
    ).map(sorted),
    st.lists(st.integers(0, 30), max_size=4).map(sorted),
)
def test_windows_are_the_same_however_records_are_cut(rows: list, cuts: list[int]) -> None:
    made = events(rows)
    with WindowCounter(WIDTH) as whole, WindowCounter(WIDTH) as parts:
        at_once = summed([whole.count(made, letters(b"x"))])
        edges = [0, *(min(cut, len(rows)) for cut in cuts), len(rows)]
        pieces = []
        for first, last in pairwise(edges):
            pieces.append(parts.count(made.slice(first, last - first), letters()))
            parts.kept()
        pieces.append(parts.count(events([]), letters(b"x")))

    assert_same(summed(pieces), at_once)


def test_more_windows_than_the_kernel_takes_at_once_are_counted_in_slices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [(second, f"a{second}", float(second % 7), "ok") for second in range(200)]
    with WindowCounter(WIDTH) as counter:
        at_once = summed([counter.count(events(rows), letters())])
        monkeypatch.setattr(windows, "_MOST_KEYS", 3)
        monkeypatch.setattr(windows, "_SLICE_ROWS", 7)

        assert_same(summed([counter.count(events(rows), letters())]), at_once)
