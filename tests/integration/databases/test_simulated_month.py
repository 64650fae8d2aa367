"""A few simulated days: faults are told, nothing else is, and dead sources hold up nobody."""

from datetime import date
from pathlib import Path

from dqm_assets.cli.simulated_month import simulate_month
from dqm_assets.pipeline.scores import update_scores
from dqm_assets.settings import Settings
from dqm_assets.simulate.databases import Fault, FolderHome, Home, Landscape, PostgresHome, TableModel
from dqm_assets.sources.databases.source import DatabaseSource
from dqm_assets.store import Store
from tests.integration.databases.shop import Shop

PAST, DAYS = 45, 3
_LAST = """
    SELECT metric, ts, value, expected, lower, upper, verdict, n FROM monitoring.verdicts
    WHERE dataset = 'shop_log' AND metric = 'row_count' ORDER BY ts DESC LIMIT 60
"""
FAULTS = (
    Fault("shop_buys", "drop", PAST),
    Fault("shop_log", "stopped", PAST + 1),
    Fault("lake_sales", "late", PAST + 1),
)


def home(kind: type[Home], name: str, url: str, models: list[TableModel], **table: object) -> Home:
    tables = [
        {"table": model.dataset.removeprefix(f"{name}_"), "freshness": "happened", **table}
        | ({"kind": "cdc", "operation": {"column": "op"}} if model.kind == "cdc" else {"columns": ["amount"]})
        for model in models
    ]
    if kind is PostgresHome:
        tables = [each | {"table": f"public.{each['table']}"} for each in tables]
    source = DatabaseSource.model_validate({"source": name, "url": url, "tables": tables})
    return kind(source, models)


def test_faults_of_some_days_are_told_and_nothing_else(
    store: Store, settings: Settings, shop: Shop, tmp_path: Path
) -> None:
    buys, log = (
        TableModel("shop_buys", faults=FAULTS[:1]),
        TableModel("shop_log", "cdc", 60, faults=FAULTS[1:2]),
    )
    sales = TableModel("lake_sales", faults=FAULTS[2:])
    homes = (
        home(PostgresHome, "shop", shop.url, [buys, log]),
        home(FolderHome, "lake", str(tmp_path / "lake"), [sales], max_age="30h"),
    )
    dead = DatabaseSource.model_validate(
        {
            "source": "dead",
            "url": "postgresql://u@127.0.0.1:9/x",
            "attempts": 1,
            "tables": [{"table": "public.things", "freshness": "at"}],
        }
    )
    landscape = Landscape(homes, (dead,), FAULTS, date(2026, 3, 2), PAST)

    report = simulate_month(store, settings, landscape, DAYS)

    assert {fault for fault, _ in report.found} == set(FAULTS), (report, store.rows(_LAST))
    assert report.false == ()
    assert report.pipelines == ("sources/dead failed at connect",)
    newest = update_scores(store, landscape.morning(PAST + DAYS - 1)).newest
    assert set(newest) == {"shop_buys", "shop_log", "lake_sales"}
