"""How long pauses usually are, not counting days on which nothing ever comes."""

from datetime import UTC, datetime, timedelta

import pytest

from dqm_assets.quality.cadence import NEEDED_ARRIVALS, learn_cadence
from dqm_assets.quality.holiday_calendar import HolidayCalendar

#: A Monday.
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def weekdays(weeks: int) -> list[datetime]:
    return [START + week * 7 * DAY + day * DAY for week in range(weeks) for day in range(5)]


def test_a_weekend_off_is_no_pause_and_a_missing_monday_is() -> None:
    cadence = learn_cadence(weekdays(5))
    assert cadence.days_off == {5, 6}
    assert cadence.limit == 3 * DAY
    friday = weekdays(5)[-1]
    assert cadence.age(friday, friday + 3 * DAY) == DAY
    assert cadence.age(friday, friday + 6 * DAY) == 4 * DAY


@pytest.mark.parametrize(
    "arrivals",
    [
        [START + i * DAY for i in range(40)],
        [START + i * 7 * DAY for i in range(20)],
        [START + i * 30 * DAY for i in range(12)],
        weekdays(2),
    ],
    ids=["every day", "once a week", "once a month", "too few weeks"],
)
def test_other_rhythms_have_no_days_off(arrivals: list[datetime]) -> None:
    assert learn_cadence(arrivals).days_off == frozenset()


def test_holidays_of_the_calendar_are_days_off() -> None:
    calendar = HolidayCalendar(extra_days=frozenset({"2026-03-03"}))
    cadence = learn_cadence([START - i * DAY for i in reversed(range(NEEDED_ARRIVALS))], calendar)
    assert cadence.age(START, START + 2 * DAY) == DAY


def test_while_it_learns_it_says_how_far_it_is() -> None:
    cadence = learn_cadence([START + i * DAY for i in range(5)])
    assert cadence.limit is None
    assert cadence.explanation == f"learning, 5 of {NEEDED_ARRIVALS} arrivals"
