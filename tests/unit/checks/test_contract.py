import dagster as dg
import duckdb
import pyarrow as pa
import pytest

from dqm_assets.checks.contract import contract_checks
from dqm_assets.quality.contracts import Contract
from tests.unit.quality.contracts.making import contract

ORDERS = """
    schema:
      - name: orders
        properties:
          - {name: id, logicalType: integer, primaryKey: true}
          - name: price
            logicalType: number
            logicalTypeOptions: {minimum: 0}
            quality:
              - {id: few_nulls, metric: nullValues, mustBe: 0, severity: warning}
          - {name: card, logicalType: string, classification: restricted}
    team: {name: shop}
"""
GOOD = pa.table({"id": [1, 2], "price": [1.0, 2.0], "card": ["1234", "5678"]})
BAD = pa.table({"id": [1, 2, 3], "price": [-5.0, 2.0, None], "card": ["1234", "5678", None]})


def run(judged: Contract, rows: object):
    """Materialise someone's asset with the checks attached; gives the run's result."""

    @dg.asset
    def orders() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    @dg.asset(deps=[orders])
    def report() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    checks = contract_checks(
        orders, judged, lambda _: rows, snapshot=lambda: 42, link=lambda c: f"http://x/{c.id}"
    )
    definitions = dg.Definitions(assets=[orders, report], asset_checks=[checks])
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(raise_on_error=False)
    found = {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}
    return result, found


def test_good_rows_pass_every_check_and_reach_what_is_downstream() -> None:
    result, found = run(contract(ORDERS), GOOD)
    assert result.success
    assert found.keys() == {clause.id for clause in contract(ORDERS).clauses}
    assert all(evaluation.passed for evaluation in found.values())


def test_a_broken_error_clause_blocks_and_carries_its_evidence() -> None:
    result, found = run(contract(ORDERS), BAD)
    assert not result.success
    assert not any(
        event.asset_key == dg.AssetKey("report") for event in result.get_asset_materialization_events()
    )
    broken = found["price__minimum"]
    assert (broken.passed, broken.severity) == (False, dg.AssetCheckSeverity.ERROR)
    metadata = {name: value.value for name, value in broken.metadata.items()}
    assert (metadata["failing_rows"], metadata["checked_rows"]) == (1, 3)
    assert (metadata["snapshot"], metadata["owner"]) == (42, "shop")
    assert metadata["dashboard"] == "http://x/price__minimum"
    assert "| -5.0 |" in metadata["failing_sample"]
    assert "1234" not in metadata["failing_sample"]


def test_a_broken_warning_blocks_nothing() -> None:
    rows = pa.table({"id": [1], "price": pa.array([None], pa.float64()), "card": ["x"]})
    result, found = run(contract(ORDERS), rows)
    assert result.success
    assert (found["price__few_nulls"].passed, found["price__few_nulls"].severity) == (
        False,
        dg.AssetCheckSeverity.WARN,
    )


def test_a_relation_of_a_live_connection_is_judged() -> None:
    _, found = run(contract(ORDERS), duckdb.sql("SELECT 1 AS id, -1.0::DOUBLE AS price, 'x' AS card"))
    assert not found["price__minimum"].passed


def test_a_subset_of_the_checks_can_run() -> None:
    @dg.asset
    def orders() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    checks = contract_checks(orders, contract(ORDERS), lambda _: BAD)
    key = dg.AssetCheckKey(orders.key, "price__minimum")
    definitions = dg.Definitions(
        assets=[orders],
        asset_checks=[checks],
        jobs=[dg.define_asset_job("one", dg.AssetSelection.checks(key))],
    )
    result = definitions.resolve_job_def("one").execute_in_process(raise_on_error=False)
    assert [evaluation.check_name for evaluation in result.get_asset_check_evaluations()] == [
        "price__minimum"
    ]


def test_a_contract_without_clauses_is_refused() -> None:
    with pytest.raises(ValueError, match="no clause"):
        contract_checks(dg.AssetKey("orders"), contract("name: empty"), lambda _: GOOD)
