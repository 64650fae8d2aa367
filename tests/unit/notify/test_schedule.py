"""When notifications are due."""

import random
from datetime import UTC, datetime, time, timedelta

import pytest

from dqm_assets.notify.rules import Digest, Quiet, Retry, Route
from dqm_assets.notify.schedule import Due, due, never_disturbs, next_digest, retry_at
from dqm_assets.quality.alert import Severity


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHT = {"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"}
#: Friday's night is quiet, Saturday's is not.
WORK_NIGHTS = {**NIGHT, "days": ["mon", "tue", "wed", "thu", "fri"]}
#: Nights, and weekends whole: one quiet time from Friday evening to Monday morning.
WEEKENDS = {"from": "00:00", "to": "00:00", "days": ["sat", "sun"], "time_zone": "Europe/Berlin"}
OFF = [NIGHT, WEEKENDS]
NOON = {"from": "12:00", "to": "13:30", "pass": "never"}


@pytest.mark.parametrize(
    ("quiet", "severity", "at", "end"),
    [
        (NIGHT, "error", "2026-03-02 20:59", None),
        (NIGHT, "error", "2026-03-02 21:00", "2026-03-03 06:00"),
        (NIGHT, "error", "2026-03-03 05:59", "2026-03-03 06:00"),
        (NIGHT, "error", "2026-03-03 06:00", None),
        (NIGHT, "critical", "2026-03-02 23:00", None),
        # The night of the change to summer time ends an hour earlier in UTC.
        (NIGHT, "error", "2026-03-28 22:00", "2026-03-29 05:00"),
        (WORK_NIGHTS, "info", "2026-03-06 23:00", "2026-03-07 06:00"),
        (WORK_NIGHTS, "info", "2026-03-07 23:00", None),
        (WORK_NIGHTS, "info", "2026-03-08 23:00", None),
        (OFF, "error", "2026-03-06 12:00", None),
        (OFF, "error", "2026-03-06 22:00", "2026-03-09 06:00"),
        (OFF, "error", "2026-03-07 12:00", "2026-03-09 06:00"),
        (OFF, "error", "2026-03-28 12:00", "2026-03-30 05:00"),
        (OFF, "critical", "2026-03-07 12:00", None),
        (NOON, "critical", "2026-03-02 12:15", "2026-03-02 13:30"),
        (NOON, "critical", "2026-03-02 13:30", None),
    ],
)
def test_quiet_hours_hold_back_until_their_end(
    quiet: dict | list[dict], severity: Severity, at: str, end: str | None
) -> None:
    route = Route.model_validate({"name": "r", "to": "c", "quiet": quiet})
    planned = due(route, severity, utc(at))
    assert planned == (Due(utc(at)) if end is None else Due(utc(end), f"quiet {utc(end).isoformat()}"))


@pytest.mark.parametrize(
    ("digest", "at", "then"),
    [
        ({"every": "1h"}, "2026-03-02 12:00", "2026-03-02 13:00"),
        ({"every": "1h"}, "2026-03-02 12:59:59", "2026-03-02 13:00"),
        ({"every": "1d"}, "2026-03-02 12:59", "2026-03-03 00:00"),
        ({"cron": "0 8 * * 1-5", "time_zone": "America/Sao_Paulo"}, "2026-03-06 12:00", "2026-03-09 11:00"),
    ],
)
def test_a_digest_is_due_at_the_next_time_of_its_clock(digest: dict, at: str, then: str) -> None:
    assert next_digest(Digest.model_validate(digest), utc(at)) == utc(then)


def test_a_digest_that_falls_into_quiet_hours_waits_for_their_end() -> None:
    quiet = {"from": "13:00", "to": "15:00"}
    route = Route.model_validate({"name": "r", "to": "c", "digest": {"every": "1h"}, "quiet": quiet})
    assert due(route, "info", utc("2026-03-02 12:10")).at == utc("2026-03-02 15:00")


def test_what_is_routed_late_does_not_disturb_then_either() -> None:
    route = Route.model_validate({"name": "r", "to": "c", "quiet": NIGHT})
    evening, night = utc("2026-03-02 20:00"), utc("2026-03-02 23:00")
    assert due(route, "error", evening, night).at == utc("2026-03-03 06:00")
    assert due(route, "critical", evening, night) == Due(evening)
    assert due(route, "error", night, utc("2026-03-03 09:00")) == Due(night)


@pytest.mark.parametrize(
    ("written", "read"), [("22:00", time(22)), (1320, time(22)), (81030, time(22, 30, 30)), (90, time(1, 30))]
)
def test_times_without_quotes_are_read_as_they_are_meant(written: str | int, read: time) -> None:
    assert Quiet.model_validate({"from": written, "to": "07:00"}).start == read


def test_hours_that_never_end_are_found() -> None:
    always = {"from": "00:00", "to": "00:00"}
    assert never_disturbs(Route.model_validate({"name": "r", "to": "c", "quiet": always}))
    assert not never_disturbs(Route.model_validate({"name": "r", "to": "c", "quiet": OFF}))
    assert not never_disturbs(Route.model_validate({"name": "r", "to": "c"}))


def test_retries_wait_twice_as_long_each_time_and_never_longer_than_the_longest() -> None:
    retry = Retry.model_validate({"first": "30s", "longest": "10m"})
    now = utc("2026-03-02 12:00")
    chance = random.Random(1)
    waits = [retry_at(retry, attempts, now, chance) - now for attempts in (1, 2, 3, 4, 5, 6, 500)]
    for wait, least in zip(waits, (30, 60, 120, 240, 480, 600, 600), strict=True):
        assert timedelta(seconds=least) <= wait <= timedelta(seconds=least * 1.25)
