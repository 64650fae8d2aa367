import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dash_app.services.records import Reason
from dash_app.services.rows import as_json, as_number, as_reasons, as_utc


def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_is_converted() -> None:
    assert as_utc(datetime(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)
    assert as_utc(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3)))) == datetime(
        2026, 1, 1, 3, tzinfo=UTC
    )
    assert as_utc(None) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_a_number_that_json_cannot_carry_is_missing(value: float | None) -> None:
    assert as_number(value) is None


def test_reasons_are_read_from_json_whatever_was_written() -> None:
    assert as_reasons('[{"code": "anomaly", "column": "value", "metric": "mean", "message": "off"}]') == (
        Reason("anomaly", "off", "value", "mean"),
    )
    assert as_reasons('["plain words"]') == (Reason("", "plain words"),)
    assert as_reasons(None) == ()
    assert as_reasons("not json") == (Reason("", "not json"),)


def test_broken_json_is_kept_as_text() -> None:
    assert as_json("{") == "{"
