"""Looking at a PostgreSQL table: days are counted, judged, and told once."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import tenacity

from dqm_assets.pipeline.database_collect import SourceSummary, collect_source, collect_sources
from dqm_assets.pipeline.scores import update_scores
from dqm_assets.pipeline.source_circuits import source_circuits
from dqm_assets.reports.portfolio import read_portfolio
from dqm_assets.settings import Settings
from dqm_assets.sources.breaker import FileBreaker
from dqm_assets.sources.databases.circuit import Circuit
from dqm_assets.sources.databases.source import DatabaseSource
from dqm_assets.store import Store
from tests.integration.databases.shop import DAY, START, Shop

AT_ONCE = tenacity.wait_none()


def morning(day: int) -> Any:
    """Six o'clock of the day with that number."""
    return START + day * DAY + timedelta(hours=6)


def look(store: Store, settings: Settings, source: DatabaseSource, day: int) -> SourceSummary:
    return collect_source(store, settings, source, morning(day), wait=AT_ONCE)


def counts(store: Store) -> dict[str, float]:
    rows = store.rows(
        "SELECT batch, value FROM metrics.metrics WHERE dataset = 'shop_orders' AND metric = 'row_count' "
        "ORDER BY ts"
    )
    return {row["batch"]: row["value"] for row in rows}


def alerts(store: Store) -> list[tuple[str, str, str]]:
    rows = store.rows("SELECT dataset, detector, status FROM monitoring.alerts ORDER BY opened_ts, dataset")
    return [(row["dataset"], row["detector"], row["status"]) for row in rows]


def scored(store: Store, day: int) -> dict[date, dict[str, float]]:
    update_scores(store, morning(day))
    rows = store.rows("SELECT day, parts FROM monitoring.scores WHERE name = 'shop_orders'")
    return {row["day"]: json.loads(row["parts"]) for row in rows}


def test_whole_days_are_counted_once_and_late_rows_correct_their_day(
    store: Store, settings: Settings, shop: Shop
) -> None:
    shop.add_days(0, 40)
    first = look(store, settings, shop.source(), 39)

    known = counts(store)
    assert len(known) == 39, "the day under way is not counted"
    assert known["2026-03-01"] == 200
    assert first.tables[0].periods == 39

    again = look(store, settings, shop.source(), 39)
    assert again.tables[0].rows < 1000, "only days since the watermark, and the look-back, are scanned"
    assert (again.tables[0].observed.points, counts(store)) == (0, known)

    shop.execute("INSERT INTO orders VALUES (1, %s, 25, 'late', true)", [START + 37 * DAY])
    look(store, settings, shop.source(), 39)
    assert counts(store)["2026-04-07"] == known["2026-04-07"] + 1
    assert store.rows("SELECT owner, timestamp_column FROM monitoring.datasets") == [
        {"owner": "sales", "timestamp_column": "at"}
    ]


def test_a_drop_is_one_alert_and_a_late_table_another(store: Store, settings: Settings, shop: Shop) -> None:
    source = shop.source(max_age="30h")
    shop.add_days(0, 60)
    for day in (58, 59):
        look(store, settings, source, day)
    assert alerts(store) == []

    shop.execute("DELETE FROM orders WHERE at >= %s AND id %% 10 <> 0", [START + 59 * DAY])
    shop.add_days(60, 61)
    for _ in range(2):
        look(store, settings, source, 60)
    assert alerts(store) == [("shop_orders", "volume", "open")]

    # Nothing of day 61 comes until the morning of day 63.
    look(store, settings, source, 61)
    assert look(store, settings, source, 62).tables[0].late
    assert alerts(store)[1:] == [("shop_orders", "freshness", "open")]

    shop.add_days(61, 63)
    look(store, settings, source, 63)
    assert alerts(store)[1:] == [("shop_orders", "freshness", "resolved")]
    assert counts(store)["2026-05-01"] > 190, "the day that came late is counted"


def test_one_dead_and_one_slow_table_leave_the_others_alone(
    store: Store, settings: Settings, shop: Shop
) -> None:
    shop.add_days(0, 40)
    shop.execute("CREATE VIEW slow AS SELECT *, pg_sleep(0.01) IS NULL AS s FROM orders")
    tables = [{"table": "public.orders", "freshness": "at"}, {"table": "public.slow", "freshness": "at"}]
    good = shop.source(tables=tables, statement_timeout="300s")
    slow = shop.source(source="slow", tables=tables[1:], statement_timeout="1s")
    dead = DatabaseSource.model_validate(
        {"source": "dead", "url": "postgresql://u@127.0.0.1:9/x", "tables": tables[:1], "attempts": 2}
    )

    done = collect_sources(
        store, settings, [dead, slow, shop.source(tables=tables[:1]), good.model_copy(update={"tables": ()})],
        morning(39), wait=AT_ONCE,
    )  # fmt: skip

    assert [bool(one.reason) for one in done] == [True, False, False, False]
    assert "cannot be reached" in done[0].reason
    assert "statement_timeout" in done[1].tables[0].reason
    assert done[2].tables[0].periods == 39
    status = {row["pipeline"]: row for row in store.rows("SELECT * FROM monitoring.pipeline_status")}
    assert status["sources/dead"]["status"] == "FAILED"
    assert status["sources/slow"]["status"] == "SUCCESS"
    assert "1 of 1 tables failed" in status["sources/slow"]["reason"]
    told = {(dataset, detector) for dataset, detector, _ in alerts(store)}
    assert told == {("sources/dead", "pipeline"), ("slow_slow", "pipeline")}
    looks = store.rows("SELECT source, status FROM monitoring.source_tables ORDER BY source")
    assert [tuple(row.values()) for row in looks] == [
        ("dead", "FAILED"),
        ("shop", "SUCCESS"),
        ("slow", "FAILED"),
    ]
    newest = update_scores(store).newest
    assert newest["dead_orders"] < 75, "a table that was never seen is in trouble with its source"
    assert newest["slow_slow"] < 75
    open_alerts = {one.name: one.open_alerts for one in read_portfolio(store).datasets}
    assert open_alerts == {"dead_orders": 1, "slow_slow": 1, "shop_orders": 0}


def test_a_dead_source_is_left_alone_after_a_while(store: Store, settings: Settings) -> None:
    dead = DatabaseSource.model_validate(
        {"source": "dead", "url": "postgresql://u@127.0.0.1:9/x", "attempts": 1, "failures": 2, "rest": "1h"}
    )
    reasons = [collect_source(store, settings, dead, wait=AT_ONCE).reason for _ in range(3)]

    assert "cannot be reached" in reasons[1]
    assert "left alone for 3600 s" in reasons[2]
    assert "cannot be reached" in reasons[2], "and why"
    told = source_circuits(store, datetime.now(UTC))["dead"]
    assert (told.state, told.failures) == ("open", 2)
    assert told.again_at is not None
    assert told.at(told.again_at) == Circuit("half-open", 2)


def test_a_source_that_rested_is_tried_once_and_asked_as_usual_when_it_answers(
    store: Store, settings: Settings, shop: Shop
) -> None:
    shop.add_days(0, 40)
    good = shop.source(failures=2, rest="1h", attempts=1)
    dead = good.model_copy(update={"url": "postgresql://u@127.0.0.1:9/x"})
    kept = FileBreaker(settings.home / "circuits" / "source_shop.json")

    def rested() -> None:
        kept.opened_at = datetime.now(UTC) - timedelta(hours=2)

    def circuit() -> str:
        return source_circuits(store, datetime.now(UTC))["shop"].state

    for _ in range(2):
        look(store, settings, dead, 39)
    assert circuit() == "open"
    rested()
    assert "cannot be reached" in look(store, settings, dead, 39).reason, "half-open: it was tried"
    assert "left alone" in look(store, settings, dead, 39).reason, "and once only"
    assert circuit() == "open"
    assert look(store, settings, good, 39).reason, "also when it would answer by now"

    rested()
    assert look(store, settings, good, 39).tables[0].periods == 39
    assert circuit() == "closed"
    assert alerts(store) == [("sources/shop", "pipeline", "resolved")]


@pytest.mark.parametrize("profile", ["pushdown", "kernel"])
def test_a_change_of_columns_and_a_broken_contract_are_told(
    store: Store, settings: Settings, shop: Shop, profile: str
) -> None:
    settings = settings.model_copy(update={"contracts": settings.home})
    settings.home.mkdir(exist_ok=True)
    (settings.home / "orders.odcs.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: o\nname: o\nversion: 1.0.0\nstatus: active\nschema:\n"
        "  - name: shop_orders\n    properties:\n      - name: customer\n        logicalType: string\n"
        "        required: true\n      - name: amount\n        logicalType: number\n"
    )
    shop.add_days(0, 40)
    source = shop.source(profile=profile)
    done = look(store, settings, source, 39)

    assert done.tables[0].reason == ""
    assert done.tables[0].failed_clauses == 1
    assert ("shop_orders", "contract", "open") in alerts(store)

    validity = {day: parts["validity"] for day, parts in scored(store, 39).items() if "validity" in parts}
    assert validity[START.date() + 38 * DAY] == pytest.approx(0.8), (
        "of that day's five clauses one did not hold"
    )

    shop.execute("UPDATE orders SET customer = 'x' WHERE customer IS NULL")
    shop.add_days(40, 41)
    shop.execute("UPDATE orders SET customer = 'x' WHERE customer IS NULL")
    shop.execute("ALTER TABLE orders DROP COLUMN paid")
    done = look(store, settings, source, 41)

    assert done.tables[0].failed_clauses == 0
    told = [(detector, status) for _, detector, status in alerts(store)]
    assert ("contract", "resolved") in told
    assert ("schema", "open") in told
    states = store.rows("SELECT count(*) AS n FROM metrics.profiles")[0]["n"]
    assert (states > 100) == (profile == "kernel")
