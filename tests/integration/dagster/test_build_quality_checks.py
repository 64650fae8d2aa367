"""Checks of someone's own asset over dqm's store: recorded, reopened, volume and anomalies learned."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dqm_assets import build_quality_checks
from dqm_assets.errors import SourceError
from dqm_assets.quality.contracts import Contract
from dqm_assets.store import Store
from tests.unit.quality.contracts.making import contract

ORDERS = """
    schema:
      - name: orders
        properties:
          - {name: at, logicalType: timestamp}
          - {name: price, logicalType: number, logicalTypeOptions: {minimum: 0}}
    team: {name: shop}
    slaProperties:
      - {property: latency, value: 2, unit: d}
      - {property: retention, value: 10, unit: d}
"""
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def orders() -> Contract:
    return contract(ORDERS)


def rows(count: int = 100, price: float = 10.0, age: timedelta = timedelta()) -> pa.Table:
    return pa.table(
        {
            "at": pa.array(
                [NOW - age - timedelta(minutes=n) for n in range(count)], pa.timestamp("us", "UTC")
            ),
            "price": [price + n % 7 for n in range(count)],
        }
    )


def run(
    checks: list[dg.AssetChecksDefinition], asset: dg.AssetsDefinition, *days: str
) -> dict[str, dg.AssetCheckEvaluation]:
    """Materialise the asset, or the range of its partitions from the first to the last day, in one run."""
    definitions = dg.Definitions(assets=[asset], asset_checks=checks)
    ends = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        raise_on_error=False, tags=dict(zip(ends, (days[0], days[-1]), strict=True)) if days else None
    )
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


@dg.asset
def sales() -> dg.MaterializeResult:
    return dg.MaterializeResult()


@dg.asset(
    partitions_def=dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-03-01"),
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def daily() -> dg.MaterializeResult:
    return dg.MaterializeResult()


def test_the_age_of_the_rows_is_judged_by_every_service_level(orders: Contract) -> None:
    fresh = run(build_quality_checks(sales, data=rows(), contract=orders, freshness=True), sales)
    assert fresh["freshness"].passed
    for age, broken in ((timedelta(days=3), ["latency"]), (timedelta(days=11), ["latency", "retention"])):
        checks = build_quality_checks(sales, data=rows(age=age), contract=orders, freshness=True)
        found = run(checks, sales)["freshness"]
        assert (found.passed, found.metadata["broken"].value) == (False, broken)
    checks = build_quality_checks(sales, data=rows(), freshness=timedelta(hours=1), timestamp="at")
    assert run(checks, sales)["freshness"].passed


def test_volume_and_anomalies_of_each_partition_are_learned_and_judged(
    store: Store, orders: Contract
) -> None:
    def load(partition: str | None) -> pa.Table:
        day = int(str(partition)[-2:])
        last = partition == "2026-02-20"
        return rows(3 if last else 100 + day % 5, 900.0 if last else 10.0 + 0.1 * (day % 3))

    checks = build_quality_checks(
        daily, data=load, contract=orders, volume=True, anomalies=["mean"], store=lambda: store
    )
    days = [f"2026-01-{day:02}" for day in range(1, 17)]
    found = run(checks, daily, *days)
    assert all(one.passed for one in found.values())
    assert found["price__minimum"].metadata["batches"].value == len(days)
    found = run(checks, daily, "2026-02-20")
    assert not found["volume"].passed
    assert found["volume"].metadata["rows"].value == 3
    assert not found["anomalies"].passed
    assert "mean of price in orders is 901" in str(found["anomalies"].description)
    alerts = store.rows("SELECT dataset, column_name, metric, owner, status FROM monitoring.alerts")
    assert {(a["dataset"], a["metric"], a["owner"], a["status"]) for a in alerts} == {
        ("orders", "row_count", "shop", "open"),
        ("orders", "mean", "shop", "open"),
    }
    outcomes = store.rows("SELECT DISTINCT run_id FROM monitoring.contract_violations ORDER BY 1")
    assert [row["run_id"] for row in outcomes] == [*days, "2026-02-20"]
    assert store.rows("SELECT owner FROM monitoring.datasets")[0]["owner"] == "shop"


def test_a_partition_without_a_time_that_is_made_again_is_one_batch(store: Store) -> None:
    counts = {"north": 100}
    asset = dg.AssetSpec("regions", partitions_def=dg.StaticPartitionsDefinition(["south", "north"]))
    regions = dg.multi_asset(name="regions", specs=[asset])(lambda: dg.MaterializeResult(asset_key="regions"))
    checks = build_quality_checks(
        regions, data=lambda partition: rows(counts[partition]), volume=True, store=lambda: store
    )
    for count in (100, 90):
        counts["north"] = count
        assert run(checks, regions, "north")["volume"].passed
    stored = store.rows("SELECT batch, value FROM metrics.metrics WHERE metric = 'row_count'")
    assert stored == [{"batch": "north", "value": 90.0}]
    assert store.rows("SELECT batch, value FROM monitoring.verdicts") == stored


def test_rows_come_from_a_file_a_query_a_database_or_a_relation(tmp_path: Path, orders: Contract) -> None:
    bad = rows(price=-3.0)
    pq.write_table(bad, tmp_path / "sales.parquet")
    (tmp_path / "sales.csv").write_text("at,price\n2026-01-01T00:00:00Z,-3\n")
    relation = duckdb.connect().from_arrow(bad)
    for data in (
        tmp_path / "sales.parquet",
        str(tmp_path / "sales.csv"),
        f"SELECT * FROM read_parquet('{tmp_path}/sales.parquet')",
        relation,
        lambda: bad,
    ):
        found = run(build_quality_checks("sales", data=data, contract=orders), sales)
        assert not found["price__minimum"].passed, data


def test_what_cannot_be_read_says_so() -> None:
    with pytest.raises(SourceError, match="no raw table"):
        build_quality_checks("sales", data="sales", volume=True)
    with pytest.raises(ValueError, match="needs a column that dates its rows"):
        build_quality_checks("sales", data=rows(), freshness=timedelta(days=1))
    with pytest.raises(ValueError, match="nothing is asked for"):
        build_quality_checks("sales", data=rows())


def test_the_engine_alone_loads_neither_dagster_nor_the_store() -> None:
    probe = "import sys, dqm_assets.quality; print({'dagster', 'dqm_assets.store'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
