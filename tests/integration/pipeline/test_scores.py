"""Scores from what is stored: once per dataset and day, changed only when something did."""

import json
from datetime import UTC, date, datetime, timedelta

from dqm_assets.pipeline.datasets import register_source
from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.pipeline.scores import update_scores
from dqm_assets.store import Store
from tests.e2e.seeder import Seeder, arrow

NOW = datetime.now(UTC).replace(microsecond=0)


def scores(store: Store) -> dict[str, float]:
    return {row["name"]: row["score"] for row in store.rows("SELECT name, arg_max(score, day) AS score "
            "FROM monitoring.scores WHERE scope = 'dataset' GROUP BY name")}  # fmt: skip


def test_a_dataset_is_scored_for_every_day_of_its_data_and_doing_it_again_writes_nothing(
    store: Store,
) -> None:
    Seeder(store).add([None] * 40)
    first = update_scores(store)
    version = store.version()
    again = update_scores(store)
    days = store.rows(
        "SELECT scope, count(*) AS n, count(DISTINCT day) AS days FROM monitoring.scores GROUP BY scope"
    )
    assert {row["scope"] for row in days} == {"dataset", "whole"}
    assert all(row["n"] == row["days"] > 5 for row in days)
    assert first.written == sum(row["n"] for row in days)
    assert again.written == 0
    assert store.version() == version


def test_an_alert_that_opens_lowers_the_score_and_its_resolution_raises_it(store: Store) -> None:
    seeder = Seeder(store)
    seeder.place = 51
    seeder.add([None] * 6)
    calm = update_scores(store).newest["detector"]
    alert = {
        "alert_id": "a1",
        "dataset": "detector",
        "severity": "critical",
        "status": "open",
        "opened_ts": NOW - timedelta(hours=1),
    }
    with store.transaction() as tx:
        tx.upsert("monitoring.alerts", arrow("monitoring.alerts", [alert]))
    troubled = update_scores(store).newest["detector"]
    assert troubled < calm - 5
    with store.transaction() as tx:
        closed = {**alert, "status": "resolved", "resolved_ts": NOW}
        tx.upsert("monitoring.alerts", arrow("monitoring.alerts", [closed]))
    assert update_scores(store, NOW + timedelta(minutes=1)).newest["detector"] > troubled + 5


def test_a_source_that_is_no_file_is_scored_by_its_series(store: Store) -> None:
    points = [
        {
            "dataset": "fleet",
            "column_name": "",
            "segment": "",
            "metric": "share",
            "batch": f"b{hour}",
            "ts": NOW - timedelta(hours=hour),
            "value": 0.9,
        }
        for hour in range(30)
    ]
    assert {field for field in points[0] if field != "dataset"} == set(Point.__dataclass_fields__)
    with store.transaction() as tx:
        tx.upsert("metrics.metrics", arrow("metrics.metrics", points))
    update_scores(store)
    assert scores(store)["fleet"] == 100
    outcomes = [
        {
            "dataset": "fleet",
            "run_id": NOW.isoformat(),
            "clause": clause,
            "severity": "error",
            "passed": clause == "holds",
            "checked_at": NOW,
        }
        for clause in ("holds", "breaks")
    ]
    with store.transaction() as tx:
        tx.upsert("monitoring.contract_violations", arrow("monitoring.contract_violations", outcomes))
    update_scores(store)
    assert 50 < scores(store)["fleet"] < 90, "half of the clauses failed"
    update_scores(store, NOW + timedelta(hours=20))
    assert scores(store)["fleet"] < 90


def test_a_simulated_source_with_a_clock_of_its_own_is_as_fresh_as_it_arrives(store: Store) -> None:
    """The fleet of the demo lives a week behind: it is stale when nothing arrives, and only then."""
    register_source(store, "fleet", "raw.devices", simulated=True)
    register_source(store, "real", "raw.other")
    now = datetime.now(UTC)
    for dataset in ("fleet", "real"):
        points = [
            Point("", "", "share", f"b{i:03d}", now - timedelta(days=7, hours=40 - i), 0.9 + i % 3 / 100)
            for i in range(40)
        ]
        observe(store, dataset, points, [Watch("share", "ensemble")])
    update_scores(store, now)

    def freshness(day: date) -> dict[str, float]:
        rows = store.rows(
            "SELECT name, parts FROM monitoring.scores WHERE scope = 'dataset' AND day = ?", [day]
        )
        return {row["name"]: json.loads(row["parts"])["freshness"] for row in rows}

    assert freshness(now.date()) == {"fleet": 1.0, "real": 0.0}
    later = now + timedelta(days=3)
    update_scores(store, later)
    assert freshness(later.date())["fleet"] == 0.0
