"""Faults that run downstream: one failure of an asset, one message, everything else named under it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin

from dqm_assets import build_quality_checks
from dqm_assets.definitions import defs
from dqm_assets.defs.monitoring.lineage import lineage
from dqm_assets.defs.monitoring.notifications import pipeline_failures, pipeline_recoveries
from dqm_assets.defs.resources import StoreResource, process_store
from dqm_assets.notify.drain import drain
from dqm_assets.pipeline.lineage_rows import read_lineage, record_lineage
from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.quality.lineage import Lineage
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.settings import Settings
from dqm_assets.store import Store
from tests.integration.notify.receivers import Webhook
from tests.integration.notify.telling import rules

WATCH = Watch(
    "row_count", "volume", method="robust", sensitivity=Sensitivity.per_points(1_000), resolve_after=1
)
NORMAL = 30


class BrokenError(Exception):
    """The source of the orders is away."""


def shop(*, fails: bool) -> dg.Definitions:
    """Four assets in a row, the first of which may fail, with a watched table among them, and one apart."""

    @dg.asset
    def shop_orders() -> None:
        if fails:
            raise BrokenError("the shop's database is away")

    @dg.asset(deps=[shop_orders])
    def shop_cleaned() -> None: ...

    @dg.asset(deps=[shop_cleaned])
    def shop_mart() -> None: ...

    @dg.asset(deps=[shop_mart])
    def shop_report() -> None: ...

    @dg.asset
    def weather() -> None: ...

    checks = build_quality_checks(
        shop_mart, data=lambda: pa.table({"a": [1, 2]}), volume=True, dataset="sales", store=process_store
    )
    return dg.Definitions(
        assets=[shop_orders, shop_cleaned, shop_mart, shop_report, weather], asset_checks=checks
    )


@pytest.fixture(scope="module")
def store(home: Settings) -> Store:
    return process_store()


@pytest.fixture(scope="module")
def run_orders(instance: dg.DagsterInstance, store: Store) -> Callable[..., None]:
    """Runs the first asset and lets the sensor that its end concerns see it, as the daemon would."""

    def run(*, fails: bool, seen: int = 1) -> None:
        job = shop(fails=fails).resolve_implicit_global_asset_job_def()
        done = job.execute_in_process(
            instance=instance, raise_on_error=False, asset_selection=[dg.AssetKey("shop_orders")]
        )
        kind = dg.DagsterEventType.RUN_FAILURE if fails else dg.DagsterEventType.RUN_SUCCESS
        [record] = instance.get_records_for_run(done.run_id, of_type=kind).records
        sensor = pipeline_failures if fails else pipeline_recoveries
        for _ in range(seen):
            context: Any = dg.build_run_status_sensor_context(
                sensor.name,
                record.event_log_entry.get_dagster_event(),
                instance,
                done.dagster_run,
                resources={"store": StoreResource()},
                partition_key=None,
            )
            sensor(context.for_run_failure() if fails else context)

    return run


def watch(store: Store, dataset: str, values: list[float], until: datetime) -> None:
    """Points of a table, a minute apart, the last one at a time; the same points again change nothing."""
    points = [
        Point("", "", "row_count", f"{dataset}-{ts.isoformat()}", ts, value)
        for ts, value in (
            (until - timedelta(minutes=len(values) - 1 - place), value) for place, value in enumerate(values)
        )
    ]
    observe(store, dataset, points, [WATCH])


def alerts(store: Store) -> dict[str, dict[str, Any]]:
    rows = store.rows(
        "SELECT * FROM monitoring.alerts WHERE dataset IN ('shop_orders', 'sales', 'shop_report', 'weather')"
    )
    return {row["dataset"]: row for row in rows}


def test_a_check_keeps_the_lineage_of_its_code_location_in_the_words_of_datasets(
    instance: dg.DagsterInstance, store: Store
) -> None:
    job = shop(fails=False).resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("shop_mart")]).success
    found = read_lineage(store.rows)
    assert found.ancestors(["shop_report"]) == {"sales", "shop_mart", "shop_cleaned", "shop_orders"}
    assert found.descendants(["weather"]) == frozenset()


def test_the_sensor_keeps_the_lineage_of_dqms_own_assets(instance: dg.DagsterInstance, store: Store) -> None:
    context = dg.SensorEvaluationContext(
        instance_ref=None,
        instance=instance,
        repository_def=defs().get_repository_def(),
        resources={"store": dg.ResourceDefinition.hardcoded_resource(StoreResource())},
        sensor_name="lineage",
        code_location_origin=RegisteredCodeLocationOrigin("dqm"),
    )
    lineage(context)
    found = read_lineage(store.rows)
    assert "raw_orders" in found.ancestors(["orders"])
    assert found.descendants(["orders"]) == frozenset()
    assert "segment_timeseries" in found.ancestors(["devices"])
    assert "raw_devices" in found.ancestors(["device_inventory"])
    locations = store.rows("SELECT DISTINCT location FROM monitoring.lineage ORDER BY location")
    assert [row["location"] for row in locations] == ["dqm", "in-process"]


def test_a_code_location_is_recorded_once_a_day_and_gone_after_a_week(store: Store) -> None:
    now, made = datetime.now(UTC), Lineage({"new": {"old"}})
    week_ago = now - timedelta(days=7, seconds=1)
    assert record_lineage(store, "elsewhere", made, week_ago)
    assert read_lineage(store.rows).ancestors(["new"]) == frozenset()
    assert not record_lineage(store, "elsewhere", made, week_ago + timedelta(hours=23))
    assert record_lineage(store, "elsewhere", made, week_ago + timedelta(days=1))
    assert read_lineage(store.rows).ancestors(["new"]) == {"old"}
    version = store.version()
    assert not record_lineage(store, "elsewhere", made, week_ago + timedelta(days=1))
    assert store.version() == version
    assert record_lineage(store, "elsewhere", Lineage(), now), "it has nothing of that any more"
    assert not record_lineage(store, "elsewhere", Lineage(), now + timedelta(days=9))


def test_one_failure_upstream_is_told_once_with_all_that_follows_from_it(
    run_orders: Callable[..., None], store: Store
) -> None:
    """From the failure over what breaks downstream to a fault of its own, with a restart in between."""
    now = datetime.now(UTC)
    with Webhook().serving() as webhook:
        made = rules(webhook.url)

        def told() -> list[list[tuple[str, str]]]:
            drain(store, made)
            posts = [[(one["event"], one["alert"]["dataset"]) for one in post.told] for post in webhook.posts]
            last, webhook.posts[:] = webhook.posts[-1:], []
            webhook.posts[:] = []
            said.extend(post.body["title"] for post in last)
            return posts

        said: list[str] = []
        for dataset in ("sales", "shop_report", "weather"):
            watch(
                store, dataset, [1_000.0 + place % 7 for place in range(NORMAL)], now - timedelta(minutes=5)
            )
        run_orders(fails=True, seen=2)
        broken = now + timedelta(minutes=5)
        for _ in range(2):
            for dataset in ("sales", "shop_report"):
                watch(store, dataset, [950.0], broken)
        assert told() == [[("opened", "shop_orders")]]
        assert said == ["✕ error: shop_orders failed at shop_orders; 2 downstream affected"]
        found = alerts(store)
        assert {name: row["status"] for name, row in found.items()} == dict.fromkeys(
            ("shop_orders", "sales", "shop_report"), "open"
        )
        cause = found["shop_orders"]["alert_id"]
        assert [found[name]["caused_by"] for name in ("sales", "shop_report")] == [cause, cause]

        # A retry that fails again, and everything looked at once more by a process that starts anew.
        run_orders(fails=True)
        watch(store, "sales", [950.0], broken)
        assert told() == []

        # What has nothing to do with it is told although the failure goes on.
        watch(store, "weather", [1.0], broken)
        assert told() == [[("opened", "weather")]]

        # The end of what was never told is not told either; the end of the cause is.
        watch(store, "sales", [1_003.0], broken + timedelta(minutes=1))
        run_orders(fails=False)
        assert told() == [[("resolved", "shop_orders")]]
        over = alerts(store)["shop_orders"]["resolved_ts"]

        # What is still bad after the cause is over stands for itself, and so does what breaks anew.
        watch(store, "shop_report", [949.0], over + timedelta(hours=1))
        assert told() == [[("reopened", "shop_report")]]
        watch(store, "sales", [2.0], over + timedelta(days=2))
        assert told() == [[("opened", "sales")]]
        assert alerts(store)["shop_report"]["caused_by"] == ""
