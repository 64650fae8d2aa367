"""The freshness check: against a promise, against what is usual, while learning."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from dqm_assets.checks.freshness import NEEDED_ARRIVALS, freshness_result, learned_limit

NOW = datetime(2026, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def result(
    newest: datetime | None, arrivals: list[datetime], promised: timedelta | None = None
) -> dg.AssetCheckResult:
    return freshness_result(
        newest,
        arrivals,
        promised=promised,
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
    assert "promised" in str(found.description)


@pytest.mark.parametrize(("age", "passed"), [(2.9, True), (3.1, False)])
def test_a_learned_cadence_is_missed_after_three_usual_pauses(age: float, passed: bool) -> None:
    arrivals = hourly(NEEDED_ARRIVALS, NOW - age * HOUR)
    assert result(arrivals[-1] - timedelta(days=99), arrivals).passed is passed


def test_too_few_arrivals_are_learned_from() -> None:
    found = result(NOW, hourly(NEEDED_ARRIVALS - 1, NOW - timedelta(days=9)))
    assert found.passed
    assert "Learning" in str(found.description)


def test_files_of_one_drop_are_one_arrival() -> None:
    assert learned_limit([NOW + timedelta(seconds=i) for i in range(60)]) is None
    assert learned_limit(hourly(20, NOW)) == 3 * HOUR


@pytest.mark.parametrize(("promised", "passed"), [(None, True), (HOUR, False)])
def test_no_data_at_all_breaks_a_promise_only(promised: timedelta | None, passed: bool) -> None:
    found = result(None, [], promised)
    assert found.passed is passed
    assert found.metadata["age_seconds"].value == -1
