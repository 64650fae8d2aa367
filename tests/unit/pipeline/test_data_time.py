"""When data is from: the contract's column, a date in the name, a timestamp column, the file's time."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from dqm_assets.pipeline.data_time import data_time, date_in_name

MODIFIED = datetime(2026, 5, 10, 12, tzinfo=UTC)


def table(**columns: list[datetime | None]) -> pa.Table:
    return pa.table({name: pa.array(times, pa.timestamp("us", tz="UTC")) for name, times in columns.items()})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-01-31.csv", datetime(2026, 1, 31)),
        ("run_20260131.csv", datetime(2026, 1, 31)),
        ("2026.01.31-north.csv", datetime(2026, 1, 31)),
        ("run-2026-01-31T23-59-58.csv", datetime(2026, 1, 31, 23, 59, 58)),
        ("20260131_1530.csv.gz", datetime(2026, 1, 31, 15, 30)),
        ("03-22-2020.csv", datetime(2020, 3, 22)),
        ("03-04-2020.csv", datetime(2020, 3, 4)),
        ("31-12-2020.csv", None),
        ("2026-02-31.csv", None),
        ("2026-13-01.csv", None),
        ("12026013199.csv", None),
        ("run-00042.csv", None),
        ("orders.csv", None),
    ],
)
def test_a_date_in_a_file_name_is_read_when_it_is_one(name: str, expected: datetime | None) -> None:
    assert date_in_name(name) == (expected.replace(tzinfo=UTC) if expected else None)


def test_the_contracts_column_goes_before_the_name() -> None:
    times = table(other=[datetime(2026, 1, 9, tzinfo=UTC)] * 2, seen=[datetime(2026, 1, 1, tzinfo=UTC), None])
    assert data_time(times, "2026-02-02.csv", MODIFIED, "seen") == datetime(2026, 1, 1, tzinfo=UTC)
    assert data_time(times, "2026-02-02.csv", MODIFIED) == datetime(2026, 2, 2, tzinfo=UTC)


def test_without_a_date_in_the_name_the_latest_of_the_first_timestamp_column_counts() -> None:
    times = table(first=[datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)])
    times = pa.table({"id": [1, 2], "first": times["first"]})
    assert data_time(times, "run.csv", MODIFIED) == datetime(2026, 1, 3, tzinfo=UTC)


def test_a_stamp_from_the_future_is_a_wrong_clock_and_left_out() -> None:
    good, wrong = MODIFIED - timedelta(hours=1), MODIFIED + timedelta(days=2)
    assert data_time(table(ts=[good, wrong]), "run.csv", MODIFIED) == good
    assert data_time(table(ts=[wrong]), "run.csv", MODIFIED) == MODIFIED
    assert data_time(table(ts=[wrong]), "2026-02-02.csv", MODIFIED, "ts") == datetime(2026, 2, 2, tzinfo=UTC)


def test_a_number_in_the_name_that_looks_like_a_date_to_come_is_no_date() -> None:
    assert data_time(table(), "order-20990101.csv", MODIFIED) == MODIFIED
    assert data_time(table(ts=[MODIFIED]), "sn_20501001.csv", MODIFIED + timedelta(hours=1)) == MODIFIED
    # Archives may carry no time; the date in the name still holds.
    assert data_time(table(), "2026-02-02.csv", datetime(1980, 1, 1, tzinfo=UTC)).year == 2026


def test_times_without_a_zone_are_utc() -> None:
    naive = pa.table({"ts": pa.array([datetime(2026, 1, 1, 5)], pa.timestamp("ms"))})
    assert data_time(naive, "run.csv", MODIFIED) == datetime(2026, 1, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("column", ["missing", "text"])
def test_a_column_that_holds_no_times_gives_way_to_the_files_own_time(column: str) -> None:
    assert data_time(pa.table({"text": ["a"]}), "run.csv", MODIFIED, column) == MODIFIED
