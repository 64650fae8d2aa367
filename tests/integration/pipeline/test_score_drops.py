"""A score that falls is told once, in the name of its day, until it is back where it was."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest

from dash_app.services.metric_series import SeriesAddress, series_points
from dqm_assets.notify.drain import drain
from dqm_assets.pipeline.alert_actions import act
from dqm_assets.pipeline.datasets import register_source
from dqm_assets.pipeline.score_drops import tell_drops
from dqm_assets.pipeline.score_scopes import ScoreRow, mean_scores, read_scored
from dqm_assets.quality.alerts import resolve
from dqm_assets.quality.scorecard import SCORECARD
from dqm_assets.store import Store
from tests.e2e.seed import arrow
from tests.integration.notify.receivers import Webhook
from tests.integration.notify.telling import rules

FIRST = date(2026, 5, 1)


def score_all(store: Store, day: int, values: Mapping[str, float]) -> int:
    """Keep the scores of a day, and tell of them."""
    at = FIRST + timedelta(days=day)
    scored = read_scored(store, values)
    rows = [ScoreRow("dataset", name, at, value, "{}") for name, value in values.items()]
    with store.transaction() as tx:
        kept = [vars(row) for row in [*rows, *mean_scores(scored, rows)]]
        tx.upsert("monitoring.scores", arrow("monitoring.scores", kept))
    return tell_drops(store, scored, at, 15.0)


def score(store: Store, day: int, value: float) -> int:
    return score_all(store, day, {"orders": value})


def alerts(store: Store) -> list[dict[str, Any]]:
    return store.rows(
        "SELECT status, severity, first_batch, title, evaluations FROM monitoring.alerts ORDER BY opened_ts"
    )


def test_a_fall_is_one_alert_that_ends_when_the_score_is_back(store: Store) -> None:
    assert [score(store, day, 96.0) for day in range(5)] == [0] * 5
    assert score(store, 5, 82.0) == 0, "14 points are no fall"
    assert alerts(store) == []

    assert score(store, 6, 80.0) == 1
    version = store.version()
    assert tell_drops(store, read_scored(store, ["orders"]), FIRST + timedelta(days=6), 15.0) == 0
    assert store.version() == version, "the same day again"
    [told] = alerts(store)
    assert told == {
        "status": "open",
        "severity": "warning",
        "first_batch": "2026-05-07",
        "title": "orders: health score is 80.0, usually 96.0",
        "evaluations": 1,
    }

    assert [score(store, day, 75.0) for day in range(7, 16)] == [0] * 9, "it does not become usual"
    [going_on] = alerts(store)
    assert (going_on["status"], going_on["evaluations"]) == ("open", 10)
    score(store, 16, 90.0)
    assert [one["status"] for one in alerts(store)] == ["resolved"]

    for table in ("monitoring.alert_events", "monitoring.outbox"):
        events = store.rows(f"SELECT event FROM {table} ORDER BY ts, event_id")
        assert [event["event"] for event in events] == ["opened", "resolved"], table


def test_a_deep_fall_is_an_error_and_a_young_dataset_has_no_usual_score(store: Store) -> None:
    assert [score(store, day, value) for day, value in enumerate((95.0, 40.0))] == [0, 0]
    assert [score(store, day, 95.0) for day in (2, 3, 4)] == [0, 0, 0]
    assert score(store, 5, 45.0) == 1
    assert [one["severity"] for one in alerts(store)] == ["error"]


SALES = ("orders", "items", "refunds")
#: Two sources and three owners: the shop's tables are of sales, the rest of others.
OWNERS = {**dict.fromkeys(SALES, "sales"), "users": "growth", "visits": "growth", "stock": "supply"}
SOURCES = {**dict.fromkeys(SALES, "shop"), "users": "web", "visits": "web"}


@pytest.fixture
def portfolio(store: Store) -> Store:
    """Six datasets that score 95 for three days."""
    for name, owner in OWNERS.items():
        register_source(store, name, f"raw.{name}", owner=owner)
    rows = [{"source": where, "table_name": name, "dataset": name} for name, where in SOURCES.items()]
    with store.transaction() as tx:
        tx.upsert("monitoring.source_tables", arrow("monitoring.source_tables", rows))
    for day in range(3):
        assert score_all(store, day, dict.fromkeys(OWNERS, 95.0)) == 0
    return store


def fallen(store: Store, day: int, *names: str, to: float) -> int:
    return score_all(store, day, dict.fromkeys(OWNERS, 95.0) | dict.fromkeys(names, to))


def causes(store: Store) -> dict[str, str]:
    """What is open, and what each follows from."""
    rows = store.rows(
        "SELECT a.dataset, coalesce(c.dataset, '') AS cause FROM monitoring.alerts AS a "
        "LEFT JOIN monitoring.alerts AS c ON c.alert_id = a.caused_by WHERE a.status = 'open'"
    )
    return {row["dataset"]: row["cause"] for row in rows}


def test_wider_scores_are_kept_as_the_means_of_their_datasets(portfolio: Store) -> None:
    fallen(portfolio, 3, "orders", to=35.0)
    rows = portfolio.rows(
        "SELECT scope, name, score FROM monitoring.scores WHERE day = ? AND scope <> 'dataset'",
        [FIRST + timedelta(days=3)],
    )
    assert {(row["scope"], row["name"]): row["score"] for row in rows} == {
        ("source", "shop"): 75.0,
        ("source", "web"): 95.0,
        ("owner", "sales"): 75.0,
        ("owner", "growth"): 95.0,
        ("owner", "supply"): 95.0,
        ("whole", "portfolio/all"): 85.0,
    }


@pytest.mark.parametrize(
    ("names", "to", "expected"),
    [
        # One that pulls down what it is in leads. The owner has the tables of the source: it is not told.
        (("orders",), 35.0, {"orders": "", "sources/shop": "orders"}),
        (("orders",), 0.0, {"orders": "", "sources/shop": "orders", "portfolio/all": "orders"}),
        # An owner of one dataset says nothing of its own.
        (("stock",), 60.0, {"stock": ""}),
        # Of several in a source the source leads, and pulls down the whole.
        (
            ("orders", "items", "refunds"),
            50.0,
            {
                "sources/shop": "",
                **dict.fromkeys(SALES, "sources/shop"),
                "portfolio/all": "sources/shop",
            },
        ),
        # Of several sources the whole leads.
        (
            tuple(OWNERS),
            70.0,
            {
                "portfolio/all": "",
                **dict.fromkeys((*OWNERS, "sources/shop", "sources/web"), "portfolio/all"),
            },
        ),
        # Little in each is little in all.
        (("orders", "items", "users"), 81.0, {}),
    ],
)
def test_of_falls_that_belong_together_one_leads(
    portfolio: Store, names: tuple[str, ...], to: float, expected: dict[str, str]
) -> None:
    assert fallen(portfolio, 3, *names, to=to) == len(expected)
    assert causes(portfolio) == expected
    assert fallen(portfolio, 4, *names, to=to) == 0
    assert causes(portfolio) == expected
    assert fallen(portfolio, 5, to=95.0) == 0
    assert causes(portfolio) == {}


def test_a_fall_of_one_dataset_is_one_message_and_what_stays_low_is_told_when_its_cause_is_over(
    portfolio: Store,
) -> None:
    fallen(portfolio, 3, "orders", to=0.0)
    with Webhook().serving() as webhook:
        drain(portfolio, rules(webhook.url))
        [message] = webhook.posts
        told = {one["alert"]["dataset"]: one["alert"]["title"] for one in message.told}
        assert told["orders"] == "orders: health score is 0.0, usually 95.0"

        for day in (4, 5):
            fallen(portfolio, day, "items", "refunds", to=55.0)
        drain(portfolio, rules(webhook.url))
        told_later = {
            (one["event"], one["alert"]["dataset"]) for post in webhook.posts[1:] for one in post.told
        }
    assert ("resolved", "orders") in told_later
    assert ("reopened", "sources/shop") in told_later, "it is low for other reasons now"


def test_a_fall_that_goes_on_within_its_day_is_one_message(portfolio: Store) -> None:
    assert fallen(portfolio, 3, "orders", to=60.0) == 1
    assert causes(portfolio) == {"orders": ""}
    assert fallen(portfolio, 3, "orders", to=0.0) > 0, "it pulls down what it is in by now"
    leads = causes(portfolio)
    assert leads.pop("orders") == ""
    assert "sources/shop" in leads
    assert set(leads.values()) == {"orders"}
    version = portfolio.version()
    values = dict.fromkeys(OWNERS, 95.0) | {"orders": 0.0}
    again = tell_drops(portfolio, read_scored(portfolio, values), FIRST + timedelta(days=3), 15.0)
    assert (again, portfolio.version()) == (0, version), "the same look again"


def test_a_second_fall_after_a_long_one_is_told(store: Store) -> None:
    days = [95.0, 95.0, 95.0, *[50.0] * 5, 95.0]
    assert sum(score(store, day, value) for day, value in enumerate(days)) == 1
    score(store, len(days), 95.0)
    score(store, len(days) + 1, 95.0)
    assert score(store, len(days) + 2, 50.0) == 1


def test_a_level_that_somebody_resolved_becomes_usual(store: Store) -> None:
    for day in range(3):
        score(store, day, 95.0)
    assert score(store, 3, 50.0) == 1
    for day in range(4, 9):
        score(store, day, 50.0)
    [row] = store.rows("SELECT alert_id FROM monitoring.alerts")
    at = datetime.combine(FIRST + timedelta(days=8), time(9), UTC)
    act(store, row["alert_id"], partial(resolve, actor="ana", reason="that is how it is now", at=at))
    assert score(store, 9, 50.0) == 0
    assert [one["status"] for one in alerts(store)] == ["resolved"]


def test_a_dataset_that_is_new_pulls_nobody_down(portfolio: Store) -> None:
    register_source(portfolio, "fresh", "raw.fresh", owner="growth")
    values = dict.fromkeys(OWNERS, 95.0) | {"fresh": 20.0}
    assert [score_all(portfolio, day, values) for day in (3, 4)] == [0, 0]
    assert causes(portfolio) == {}


def test_who_has_no_datasets_any_more_has_no_alert(portfolio: Store) -> None:
    values = dict.fromkeys(OWNERS, 95.0) | {"users": 40.0, "visits": 40.0}
    score_all(portfolio, 3, values)
    assert "sources/web" in causes(portfolio)
    for name in ("users", "visits"):
        values.pop(name)
    score_all(portfolio, 4, values)
    assert causes(portfolio) == {}


def test_the_days_of_a_fall_are_drawn_with_what_was_usual(portfolio: Store) -> None:
    for day in (3, 4):
        fallen(portfolio, day, "orders", to=35.0)
    for subject, low in (("orders", 35.0), ("sources/shop", 75.0)):
        drawn = series_points(portfolio, SeriesAddress(subject, "health_score"), 4, SCORECARD)
        assert [point.value for point in drawn] == [95.0, 95.0, low, low]
        assert [point.expected for point in drawn] == [None, None, 95.0, 95.0]
        assert [point.verdict for point in drawn] == ["normal", "normal", "anomalous", "anomalous"]
        assert drawn[-1].run_id == "2026-05-05"
    whole = series_points(portfolio, SeriesAddress("portfolio/all", "health_score"), 4, SCORECARD)
    assert [point.value for point in whole] == [95.0, 95.0, 85.0, 85.0]
