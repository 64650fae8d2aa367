"""Old windows become one of an hour: nothing that they count is lost, and nothing that was judged changes."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from dqm_assets.quality.profile import ColumnProfile, profile
from dqm_assets.sources.streams.sink import OFFSETS
from dqm_assets.sources.streams.window_judge import DATASET, KEPT_FINE, WindowJudge, window_sum
from dqm_assets.sources.streams.window_rollup import roll_up
from dqm_assets.store import Store

HOUR = datetime(2026, 3, 1, 10, tzinfo=UTC)
WIDTH = timedelta(minutes=1)
COUNTS = ("events", "dead_letters", "error_events", "late", "duplicates")
TOTALS = (
    f"SELECT {', '.join(f'sum({name})::BIGINT AS {name}' for name in COUNTS)} FROM metrics.stream_windows"
)
ALL = "SELECT * FROM metrics.stream_windows ORDER BY window_start, window_seconds, source"


RATES = "SELECT ts, value FROM metrics.metrics WHERE metric = 'event_rate' AND segment = ? ORDER BY ts"

JUDGED = "SELECT * FROM metrics.metrics WHERE ts >= ? AND ts < ? ORDER BY ALL"


def count(  # noqa: PLR0917 - a row
    store: Store,
    start: datetime,
    source: str,
    values: np.ndarray,
    seconds: float = 5.0,
    stored: datetime | None = None,
) -> None:
    """Windows as a consumer writes them."""
    state = profile(pa.table({"value": values}), threads=1, sketches=False).columns["value"].to_bytes()
    times = pa.timestamp("us", "UTC")
    row = {"topic": ["t"], "source": [source], "window_seconds": [seconds], "simulated": [source == "b"]}
    amounts = {name: [len(values) - n] for n, name in enumerate(COUNTS)}
    rows = pa.table({**row, **amounts, "state": pa.array([state], pa.binary())})
    rows = rows.append_column("window_start", pa.array([start], times))
    with store.transaction() as tx:
        at = pa.array([stored or start + timedelta(seconds=6)], times)
        tx.append("metrics.stream_windows", rows.append_column("stored_at", at))


@pytest.fixture
def counted(store: Store) -> np.ndarray:
    """Eight windows of two sources in one hour, and one of the next."""
    values = np.random.default_rng(1).normal(20, 3, (4, 50))
    for number, some in enumerate(values):
        for source in "ab":
            count(store, HOUR + timedelta(seconds=5 * number), source, some)
    count(store, HOUR + timedelta(minutes=61), "a", values[0])
    with store.transaction() as tx:
        point = {"dataset": [DATASET], "metric": ["event_rate"], "column_name": [""], "segment": [""]}
        judged = pa.array([HOUR + timedelta(days=1)], pa.timestamp("us", "UTC"))
        rows = pa.table({**point, "batch": ["later"], "value": [0.0], "ts": judged})
        tx.append("metrics.metrics", rows)
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


def counted_until(store: Store, topic: str, until: datetime, away: timedelta | None = None) -> None:
    """How far a consumer has counted, which is there, or went away so long ago."""
    now = datetime.now(UTC)
    times = pa.timestamp("us", "UTC")
    at = datetime(1970, 1, 1, tzinfo=UTC) if away else now
    row = {
        "topic": pa.array([topic], pa.string()),
        "partition": pa.array([0], pa.int64()),
        "windowed_until": pa.array([until], times),
        "windowed_at": pa.array([at], times),
        "updated_at": pa.array([now - (away or timedelta())], times),
    }
    with store.transaction(OFFSETS) as tx:
        tx.upsert(OFFSETS, pa.table(row))


def arrive(store: Store, minute: int, events: int) -> datetime:
    """A window of a minute that is counted now, of source ``s``."""
    start = HOUR + timedelta(minutes=minute)
    count(store, start, "s", np.arange(float(events)), WIDTH.total_seconds(), datetime.now(UTC))
    return start


def rates(store: Store) -> dict[datetime, float]:
    """Events a minute by window."""
    return {row["ts"]: row["value"] * 60 for row in store.rows(RATES, ["s"])}


def test_windows_that_wait_for_the_slowest_partition_are_judged_as_they_were_counted(store: Store) -> None:
    counted_until(store, "ahead", HOUR + timedelta(hours=6))
    counted_until(store, "behind", HOUR + timedelta(minutes=5))
    first, waiting = arrive(store, 0, 30), arrive(store, 61, 50)
    judge = WindowJudge(store, WIDTH)
    judge.judge()
    assert rates(store) == {first: 30.0}

    assert roll_up(store, datetime.now(UTC) - KEPT_FINE) == 0
    arrive(store, 61, 20)
    counted_until(store, "behind", HOUR + timedelta(hours=6))
    # Counted is not judged: a judge that was away has yet to see them.
    assert roll_up(store, datetime.now(UTC) - KEPT_FINE) == 0
    judge.judge()

    assert (rates(store)[first], rates(store)[waiting]) == (30.0, 70.0)
    assert roll_up(store, datetime.now(UTC) - KEPT_FINE) == 1


def test_a_consumer_that_comes_back_after_days_corrects_what_the_others_counted(store: Store) -> None:
    counted_until(store, "steady", HOUR + timedelta(days=3))
    counted_until(store, "away", HOUR + timedelta(minutes=5), away=timedelta(days=3))
    start = arrive(store, 61, 50)
    judge = WindowJudge(store, WIDTH)
    judge.judge()
    assert rates(store)[start] == 50.0

    assert roll_up(store, datetime.now(UTC) - KEPT_FINE) == 0
    arrive(store, 61, 20)
    counted_until(store, "away", HOUR + timedelta(days=3))
    judge.judge()

    assert rates(store)[start] == 70.0


def test_what_comes_for_an_hour_that_is_rolled_up_is_kept_and_changes_no_verdict(store: Store) -> None:
    counted_until(store, "steady", HOUR + timedelta(days=3))
    counted_until(store, "given up", HOUR + timedelta(minutes=5), away=timedelta(days=30))
    arrive(store, 61, 50)
    arrive(store, 300, 5)
    judge = WindowJudge(store, WIDTH)
    assert judge.judge().windows == 2
    assert roll_up(store, datetime.now(UTC) - KEPT_FINE) == 0
    rolled_up = [HOUR + timedelta(hours=1), HOUR + timedelta(hours=2)]
    before = store.query(JUDGED, rolled_up)
    assert [row["window_seconds"] for row in store.rows(ALL)] == [3600.0, 60.0]

    counted_until(store, "given up", HOUR + timedelta(days=3))
    arrive(store, 61, 20)
    arrive(store, 75, 10)
    assert judge.judge().windows == 0
    # One that starts knows nothing of what was looked at.
    WindowJudge(store, WIDTH).judge()
    assert store.query(JUDGED, rolled_up).equals(before)

    # A window of the hour and those that came later add up, rolled up or not.
    assert store.rows(TOTALS)[0]["events"] == 85
    assert roll_up(store, datetime.now(UTC) - KEPT_FINE) == 1
    assert store.rows(TOTALS)[0]["events"] == 85
    assert judge.judge().windows == 0


def test_windows_of_an_hour_are_judged_as_ever(store: Store) -> None:
    counted_until(store, "t", HOUR + timedelta(days=3))
    count(store, HOUR, "s", np.arange(60.0), 3600.0, datetime.now(UTC))

    assert WindowJudge(store, timedelta(hours=1)).judge().windows == 1
    assert [row["value"] * 3600 for row in store.rows(RATES, ["s"])] == [60.0]
