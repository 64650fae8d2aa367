"""Scores from what is stored: once per dataset and day, changed only when something did."""

from datetime import UTC, datetime, timedelta

from dqm_assets.pipeline.scores import update_scores
from dqm_assets.pipeline.watch import Point
from dqm_assets.store import Store
from tests.e2e.seed import Seeder, arrow

NOW = datetime.now(UTC).replace(microsecond=0)


def scores(store: Store) -> dict[str, float]:
    return {row["name"]: row["score"] for row in store.rows("SELECT name, arg_max(score, day) AS score "
            "FROM monitoring.scores GROUP BY name")}  # fmt: skip


def test_a_dataset_is_scored_for_every_day_of_its_data_and_doing_it_again_writes_nothing(
    store: Store,
) -> None:
    Seeder(store).add([None] * 40)
    first = update_scores(store)
    version = store.version()
    again = update_scores(store)
    days = store.rows("SELECT count(*) AS n, count(DISTINCT day) AS days FROM monitoring.scores")[0]
    assert first.written == days["n"] == days["days"] > 5
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
    update_scores(store, NOW + timedelta(hours=20))
    assert scores(store)["fleet"] < 90
