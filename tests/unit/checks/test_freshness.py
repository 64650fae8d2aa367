"""The freshness check: against a promise, against what is usual, while learning."""

from datetime import UTC, datetime, time, timedelta

import dagster as dg
import pytest

from dqm_assets.checks.freshness import DataAge, freshness_result
from dqm_assets.quality.cadence import NEEDED_ARRIVALS, learn_cadence
from dqm_assets.quality.contracts.sla import Availability, Sla

NOW = datetime(2026, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def result(
    newest: datetime | None, arrivals: list[datetime], promised: timedelta | None = None
) -> dg.AssetCheckResult:
    return freshness_result(
        DataAge(newest, arrivals),
        sla=Sla(latency=promised),
        asset_key=dg.AssetKey("orders"),
        check_name="freshness",
        now=NOW,
    )


def hourly(count: int, last: datetime) -> list[datetime]:
    return [last - (count - 1 - i) * HOUR for i in range(count)]


@pytest.mark.parametrize(("age", "passed"), [(timedelta(minutes=59), True), (timedelta(minutes=61), False)])
def test_a_promise_is_kept_or_broken_by_the_datas_own_age(age: timedelta, passed: bool) -> None:
    found = result(NOW - age, [NOW], HOUR)
    assert found.passed is passed
    assert found.metadata["age_seconds"].value == age.total_seconds()
    assert found.metadata["limit_seconds"].value == 3600
    assert ("promised" if passed else "latency") in str(found.description) + str(found.metadata["broken"])


@pytest.mark.parametrize(("age", "passed"), [(2.9, True), (3.1, False)])
def test_a_learned_cadence_is_missed_after_three_usual_pauses(age: float, passed: bool) -> None:
    arrivals = hourly(NEEDED_ARRIVALS, NOW - age * HOUR)
    assert result(arrivals[-1] - timedelta(days=99), arrivals).passed is passed


def test_too_few_arrivals_are_learned_from() -> None:
    found = result(NOW, hourly(NEEDED_ARRIVALS - 1, NOW - timedelta(days=9)))
    assert found.passed
    assert found.description == f"Usual pause: learning, {NEEDED_ARRIVALS - 1} of {NEEDED_ARRIVALS} arrivals."


def test_files_of_one_drop_are_one_arrival() -> None:
    assert learn_cadence([NOW + timedelta(seconds=i) for i in range(60)]).limit is None
    assert learn_cadence(hourly(20, NOW)).limit == 3 * HOUR


@pytest.mark.parametrize(("promised", "passed"), [(None, True), (HOUR, False)])
def test_no_data_at_all_breaks_a_promise_only(promised: timedelta | None, passed: bool) -> None:
    found = result(None, [], promised)
    assert found.passed is passed
    assert found.metadata["age_seconds"].value == -1


@pytest.mark.parametrize(
    ("sla", "broken"),
    [
        (Sla(latency=2 * HOUR, frequency=2 * HOUR, retention=9 * HOUR), []),
        (Sla(latency=HOUR / 2), ["latency"]),
        (Sla(frequency=HOUR / 2), ["frequency"]),
        (Sla(retention=3 * HOUR), ["retention"]),
        (Sla(availability=(Availability(time(0, 0, tzinfo=UTC)),)), []),
        (Sla(end_of_life=NOW - HOUR), ["endOfLife"]),
    ],
)
def test_every_service_level_is_judged_and_named(sla: Sla, broken: list[str]) -> None:
    age = DataAge(NOW - HOUR, [NOW - HOUR], oldest=NOW - 4 * HOUR)
    found = freshness_result(age, sla=sla, asset_key=dg.AssetKey("o"), check_name="freshness", now=NOW)
    assert (found.passed, found.metadata["broken"].value) == (not broken, broken)


def test_data_that_is_not_there_by_its_time_of_availability_is_late() -> None:
    sla = Sla(availability=(Availability(time(6, 0, tzinfo=UTC)),))
    for newest, now, passed in (
        (NOW - timedelta(days=2), NOW + 5 * HOUR, True),
        (NOW - timedelta(days=2), NOW + 7 * HOUR, False),
        (NOW - HOUR, NOW + 7 * HOUR, True),
    ):
        found = freshness_result(
            DataAge(newest, [newest]), sla=sla, asset_key=dg.AssetKey("o"), check_name="f", now=now
        )
        assert found.passed is passed
