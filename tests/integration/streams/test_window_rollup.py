"""Old windows become one of an hour: nothing that they count is lost, whoever is killed when."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from dqm_assets.quality.profile import ColumnProfile, profile
from dqm_assets.sources.streams.window_judge import window_sum
from dqm_assets.sources.streams.window_rollup import roll_up
from dqm_assets.store import Store

HOUR = datetime(2026, 3, 1, 10, tzinfo=UTC)
COUNTS = ("events", "dead_letters", "error_events", "late", "duplicates")
TOTALS = (
    f"SELECT {', '.join(f'sum({name})::BIGINT AS {name}' for name in COUNTS)} FROM metrics.stream_windows"
)
ALL = "SELECT * FROM metrics.stream_windows ORDER BY window_start, window_seconds, source"


def count(store: Store, start: datetime, source: str, values: np.ndarray, seconds: float = 5.0) -> None:
    """Windows as a consumer writes them."""
    state = profile(pa.table({"value": values}), threads=1, sketches=False).columns["value"].to_bytes()
    times = pa.timestamp("us", "UTC")
    row = {"topic": ["t"], "source": [source], "window_seconds": [seconds], "simulated": [source == "b"]}
    amounts = {name: [len(values) - n] for n, name in enumerate(COUNTS)}
    rows = pa.table({**row, **amounts, "state": pa.array([state], pa.binary())})
    rows = rows.append_column("window_start", pa.array([start], times))
    with store.transaction() as tx:
        stored = pa.array([start + timedelta(seconds=6)], times)
        tx.append("metrics.stream_windows", rows.append_column("stored_at", stored))


@pytest.fixture
def counted(store: Store) -> np.ndarray:
    """Eight windows of two sources in one hour, and one of the next."""
    values = np.random.default_rng(1).normal(20, 3, (4, 50))
    for number, some in enumerate(values):
        for source in "ab":
            count(store, HOUR + timedelta(seconds=5 * number), source, some)
    count(store, HOUR + timedelta(minutes=61), "a", values[0])
    return values.ravel()


def test_windows_of_an_hour_become_one_whose_state_is_their_sum(store: Store, counted: np.ndarray) -> None:
    before = store.rows(TOTALS)
    assert roll_up(store, HOUR + timedelta(minutes=90)) == 6
    assert roll_up(store, HOUR + timedelta(minutes=90)) == 0

    assert store.rows(TOTALS) == before
    first, second, fine = store.rows(ALL)
    assert [(row["source"], row["window_start"], row["window_seconds"]) for row in (first, second, fine)] == [
        ("a", HOUR, 3600.0),
        ("b", HOUR, 3600.0),
        ("a", HOUR + timedelta(minutes=61), 5.0),
    ]
    assert (first["simulated"], second["simulated"]) == (False, True)
    assert first["stored_at"] == HOUR + timedelta(seconds=21)
    metrics = ColumnProfile.from_bytes(first["state"], "value").metrics()
    assert metrics["mean"] == pytest.approx(counted.mean(), rel=1e-12)
    assert metrics["stddev"] == pytest.approx(counted.std(ddof=1), rel=1e-12)


def test_records_that_are_counted_later_are_added(store: Store, counted: np.ndarray) -> None:
    later = HOUR + timedelta(hours=3)
    roll_up(store, later)
    count(store, HOUR + timedelta(seconds=10), "a", counted[:7])

    # The row of the hour and the new one stay two: they add up, as all rows of a window do.
    assert roll_up(store, later) == 0
    of_a = [window_sum(row) for row in store.rows(ALL) if (row["source"], row["window_start"]) == ("a", HOUR)]
    assert sum(one.events for one in of_a) == 207
    counted_values = [one.values.metrics()["row_count"] for one in of_a if one.values]
    assert sorted(map(float, filter(None, counted_values))) == [7.0, 200.0]


def test_a_kill_before_the_commit_changes_nothing(
    store: Store, counted: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.query(ALL)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("dqm_assets.store.transaction.Transaction.append", killed)
        with pytest.raises(KeyboardInterrupt):
            roll_up(store, HOUR + timedelta(hours=3))

    assert store.query(ALL).equals(before)
