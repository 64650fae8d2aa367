"""A run whose columns broke its contract, under the drift policy ``block``: nothing downstream takes it."""

import json
from collections.abc import Iterator

import dagster as dg
import pytest

from dqm_assets.defs.detector_runs.run_now import materialise
from dqm_assets.defs.resources import process_store
from dqm_assets.ingest import Claim, Landing
from dqm_assets.pipeline.claims import claim_dropped
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.settings import Settings, settings
from tests.integration.dagster.test_notification_sensors import see

RAW = dg.AssetKey("raw_orders")
DOWNSTREAM = (dg.AssetKey("orders_run_metrics"), dg.AssetKey("orders_run_registry"))
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: orders
version: 1.0.0
customProperties:
  - {property: driftPolicy, value: block}
schema:
  - name: orders
    properties:
      - {name: price, logicalType: number}
      - {name: state, logicalType: string, required: true}
"""
GOOD, RENAMED = "price,state\n{0},new\n{0}.5,paid\n", "price,status\n{0},new\n{0}.5,paid\n"
ALERTS = """
    SELECT detector, metric, status, severity, title, first_batch, last_batch FROM monitoring.alerts
    WHERE dataset = 'orders' AND detector = 'schema'
"""
EVENTS = """
    SELECT event FROM monitoring.alert_events
    WHERE alert_id IN (SELECT alert_id FROM monitoring.alerts WHERE detector = 'schema') ORDER BY ts, event
"""
STATUSES = "SELECT run_id, status FROM metrics.runs ORDER BY run_id"


@pytest.fixture(scope="module")
def blocking(
    home: Settings, landing: Landing, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings with a contract that blocks."""
    contracts = tmp_path_factory.mktemp("contracts")
    (contracts / "orders.odcs.yaml").write_text(CONTRACT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQM_CONTRACTS", str(contracts))
        settings.cache_clear()
        yield settings()
    settings.cache_clear()


def take(instance: dg.DagsterInstance, landing: Landing, files: dict[int, str]) -> tuple[list[Claim], bool]:
    """Drop files of some days and materialise them; gives them and whether every Dagster run succeeded."""
    for day, body in files.items():
        (landing.folder / "orders" / f"2026-01-{day:02}.csv").write_text(body.format(day))
    claims = claim_dropped(process_store, landing, find_dataset(settings(), "orders"), settle_seconds=0)
    return claims, materialise(instance, "orders", claims)


def test_a_blocked_run_opens_an_alert_and_the_next_good_run_resolves_it(
    blocking: Settings, landing: Landing, instance: dg.DagsterInstance
) -> None:
    store = process_store()
    (first,), succeeded = take(instance, landing, {1: GOOD})
    assert succeeded
    (broken,), succeeded = take(instance, landing, {2: RENAMED})
    assert not succeeded

    # Its rows are loaded, and nothing that follows them ran.
    assert instance.get_materialized_partitions(RAW) == {first.run_id, broken.run_id}
    for key in DOWNSTREAM:
        assert instance.get_materialized_partitions(key) == {first.run_id}
    record = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(RAW, "schema"), limit=1
    )[0]
    assert record.evaluation is not None
    assert (record.evaluation.passed, record.evaluation.blocking) == (False, True)
    assert store.rows(STATUSES) == [
        {"run_id": first.run_id, "status": "GOOD"},
        {"run_id": broken.run_id, "status": "BLOCKED"},
    ]
    (alert,) = store.rows(ALERTS)
    assert alert == {
        "detector": "schema",
        "metric": "blocked_changes",
        "status": "open",
        "severity": "error",
        "title": f"What follows run {broken.run_id} is blocked: "
        "column state was probably renamed to status (73%)",
        "first_batch": broken.run_id,
        "last_batch": broken.run_id,
    }

    # Clauses that the missing column breaks have no alerts of their own, and the registry says why.
    assert store.rows("SELECT count(*) AS n FROM monitoring.alerts WHERE dataset = 'orders'") == [{"n": 1}]
    (why,) = store.rows("SELECT reasons FROM metrics.runs WHERE run_id = ?", [broken.run_id])
    assert json.loads(why["reasons"])[0]["message"] == "column state was probably renamed to status (73%)"

    # The failed Dagster run is the same trouble, not a second alert; nor is the same run once more.
    see(
        instance, instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))[0], succeeded=False
    )
    again = landing.locate("orders", broken.run_id)
    assert again is not None
    assert not materialise(instance, "orders", [again])
    assert store.rows(ALERTS) == [alert]
    assert [row["event"] for row in store.rows(EVENTS)] == ["opened"]

    # The next good run is compared with the one before the blocked one, and ends the incident.
    (last,), succeeded = take(instance, landing, {3: GOOD})
    assert succeeded
    assert store.rows(STATUSES)[2] == {"run_id": last.run_id, "status": "GOOD"}
    assert store.rows(ALERTS) == [alert | {"status": "resolved"}]
    assert [row["event"] for row in store.rows(EVENTS)] == ["opened", "resolved"]


def test_a_run_is_blocked_alone_and_until_the_contract_takes_it(
    blocking: Settings, landing: Landing, instance: dg.DagsterInstance
) -> None:
    claims, succeeded = take(instance, landing, {4: RENAMED, 5: GOOD})
    assert not succeeded
    statuses = {row["run_id"]: row["status"] for row in process_store().rows(STATUSES)}
    assert [statuses[claim.run_id] for claim in claims] == ["BLOCKED", "GOOD"]
    assert [row["status"] for row in process_store().rows(ALERTS)] == ["resolved"]

    contract = blocking.contracts / "orders.odcs.yaml"
    contract.write_text(CONTRACT.replace("name: state", "name: status"))
    again = landing.locate("orders", claims[0].run_id)
    assert again is not None
    assert materialise(instance, "orders", [again])
    (run,) = process_store().rows(
        "SELECT status, reasons FROM metrics.runs WHERE run_id = ?", [claims[0].run_id]
    )
    # It is judged, and BAD for what changed since the run before.
    assert (run["status"], json.loads(run["reasons"])[0]["code"]) == ("BAD", "schema")
