from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.ingest.timestamps import parse_times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-02-01", (2020, 2, 1)),
        ("2020/02/01", (2020, 2, 1)),
        ("2020-02-01T01:52:40", (2020, 2, 1, 1, 52, 40)),
        ("2020-02-01 1:52", (2020, 2, 1, 1, 52)),
        ("2020-02-01 01:52:40.123456789", (2020, 2, 1, 1, 52, 40, 123456)),
        ("2020-02-01T01:52:40Z", (2020, 2, 1, 1, 52, 40)),
        ("2020-02-01T01:52:40+02:00", (2020, 1, 31, 23, 52, 40)),
        ("2020-02-01 01:52 -0530", (2020, 2, 1, 7, 22)),
        ("1/22/2020 17:00", (2020, 1, 22, 17)),
        ("3/8/20 5:31", (2020, 3, 8, 5, 31)),
        ("01-22-2020T17:00", (2020, 1, 22, 17)),
        ("22.01.2020 17:00:05", (2020, 1, 22, 17, 0, 5)),
        ("1/22/2020 12:05 AM", (2020, 1, 22, 0, 5)),
        ("1/22/2020 12:05 p.m.", (2020, 1, 22, 12, 5)),
        ("1/22/70", (1970, 1, 22)),
        ("22 Jan 2020 17:00", (2020, 1, 22, 17)),
        ("22-January-2020", (2020, 1, 22)),
        ("Jan 22, 2020 5:00 PM", (2020, 1, 22, 17)),
        ("Wed, 22 Jan 2020 17:00:00 GMT", (2020, 1, 22, 17)),
        ("29/02/2019", None),
        ("2020-13-01", None),
        ("2020-01-01 25:00", None),
        ("1/22/2020 13:00 PM", None),
        ("not a time", None),
        ("20200101", None),
    ],
)
def test_known_formats(text: str, expected: tuple[int, ...] | None) -> None:
    value = parse_times(pa.array([text])).values[0].as_py()
    assert value == (None if expected is None else datetime(*expected, tzinfo=UTC))


def test_the_whole_column_decides_between_day_and_month() -> None:
    assert parse_times(pa.array(["02/01/2014", "31/12/2012"])).values[0].as_py().month == 1
    assert parse_times(pa.array(["02/01/2014", "12/31/2012"])).values[0].as_py().month == 2
    assert parse_times(pa.array(["02/01/2014", "12/11/2012"])).ambiguous
    assert not parse_times(pa.array(["02/02/2014", "11/11/2012"])).ambiguous


@given(
    st.lists(
        st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda t: t.replace(microsecond=0)),
        min_size=1,
        max_size=20,
    ),
    st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S%z", "%d %b %Y %H:%M:%S %z", "%b %d, %Y %I:%M:%S %p %z"]),
)
def test_what_strftime_writes_is_read(times: list[datetime], zone: timezone, form: str) -> None:
    aware = [time.replace(tzinfo=zone) for time in times]
    assert parse_times(pa.array([time.strftime(form) for time in aware])).values.to_pylist() == aware
