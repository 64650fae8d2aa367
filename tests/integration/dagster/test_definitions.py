"""The code location: it loads, is whole, and every dataset has the same assets and checks."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import dagster as dg
import pytest

from dash_app.pages.alerts import AlertsPage
from dash_app.pages.crypto import CryptoPage
from dash_app.pages.datasets import DatasetsPage
from dash_app.pages.devices import DevicesPage
from dash_app.pages.overview import OverviewPage
from dash_app.pages.runs import RunsPage
from dash_app.pages.streams import StreamsPage
from dash_app.pages.system import SystemPage
from dqm_assets.dagster_home import WORKSPACE_FILE, prepare_dagster_home
from dqm_assets.definitions import defs
from dqm_assets.ingest import Landing
from dqm_assets.settings import Settings

PAGES = (AlertsPage, CryptoPage, DatasetsPage, DevicesPage, OverviewPage, RunsPage, StreamsPage, SystemPage)


@pytest.fixture(scope="module")
def definitions(landing: Landing) -> dg.Definitions:
    """The definitions over a landing folder with two datasets."""
    return defs()


def test_the_definitions_are_loadable(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_the_workspace_validates_in_a_process_of_its_own(home: Settings) -> None:
    environment = {**os.environ, "DAGSTER_HOME": str(prepare_dagster_home(home))}
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", str(WORKSPACE_FILE)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]


def test_every_asset_leads_to_its_page_of_the_dashboard(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    pages = {page.path for page in PAGES}
    for key in graph.get_all_asset_keys():
        link = urlsplit(str(graph.get(key).metadata["dashboard"].value))
        assert link.path in pages, key
    detector = graph.get(dg.AssetKey("run_registry")).metadata["dashboard"].value
    assert str(detector).endswith("/runs?dataset=detector")


def test_the_detector_has_its_assets_under_their_plain_names(definitions: dg.Definitions) -> None:
    names = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert names >= {"raw_detector_readings", "run_metrics", "run_registry", "metric_baselines", "alerts"}


def test_a_discovered_dataset_gets_the_same_assets_and_checks_as_the_built_in_one(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    names = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert names >= {"raw_orders", "orders_run_metrics", "orders_run_registry"}
    checks = {key.asset_key.to_user_string(): set() for key in graph.asset_check_keys}
    for key in graph.asset_check_keys:
        checks[key.asset_key.to_user_string()].add(key.name)
    assert checks["raw_orders"] == {"readable", "volume", "freshness", "schema"}
    assert checks["raw_detector_readings"] > checks["raw_orders"]
    assert graph.get(dg.AssetKey("metric_baselines")).parent_keys >= {
        dg.AssetKey("run_registry"),
        dg.AssetKey("orders_run_registry"),
    }


def test_each_run_is_a_partition_and_a_range_of_them_is_one_dagster_run(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for name in ("raw_detector_readings", "run_metrics", "run_registry", "raw_orders"):
        node = graph.get(dg.AssetKey(name))
        assert isinstance(node.partitions_def, dg.DynamicPartitionsDefinition), name
        assert node.backfill_policy == dg.BackfillPolicy.single_run(), name


def test_the_clock_looks_at_freshness_by_itself(definitions: dg.Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.schedules or []}
    freshness = schedules["freshness_schedule"]
    assert freshness.default_status == dg.DefaultScheduleStatus.RUNNING
    selected = definitions.resolve_job_def("freshness").asset_layer.asset_graph.asset_check_keys
    assert {key.name for key in selected} == {"freshness"}
    assert len(selected) == 2
