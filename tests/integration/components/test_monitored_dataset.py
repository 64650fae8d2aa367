"""A component project as its users write it: a folder with YAML, loaded and materialised."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: shop
version: 1.0.0
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: price, logicalType: number, logicalTypeOptions: {minimum: 0}}
"""
FILES = {
    "__init__.py": "",
    "rows.py": """
        import pyarrow as pa

        def orders(partition: str | None) -> pa.Table:
            bad = partition == "eu"
            return pa.table({"id": [1, 2], "price": [-1.0 if bad else 1.0, 2.0]})
    """,
    "defs/__init__.py": "",
    "defs/assets.py": """
        import dagster as dg

        @dg.asset(key=["shop", "orders"])
        def orders() -> dg.MaterializeResult:
            return dg.MaterializeResult()

        @dg.asset(deps=[["shop", "orders"]])
        def report() -> dg.MaterializeResult:
            return dg.MaterializeResult()

        @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["us", "eu", "asia"]))
        def regions() -> dg.MaterializeResult:
            return dg.MaterializeResult()
    """,
    "defs/orders/defs.yaml": """
        type: dqm_assets.MonitoredDataset
        attributes:
          asset: shop/orders
          contract: orders.odcs.yaml
          data: {path: orders.parquet}
    """,
    "defs/orders/orders.odcs.yaml": CONTRACT,
    "defs/regions/defs.yaml": """
        type: dqm_assets.MonitoredDataset
        attributes:
          asset: regions
          contract: ../orders/orders.odcs.yaml
          data: {function: "shop_project.rows:orders"}
    """,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "shop_project"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    (tmp_path / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "shop_project"\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield root
    for name in [name for name in sys.modules if name.split(".")[0] == "shop_project"]:
        del sys.modules[name]


def load(project: Path) -> dg.Definitions:
    return dg.load_from_defs_folder(path_within_project=project / "defs")


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def test_checks_written_in_yaml_judge_the_file_and_block_what_is_downstream(project: Path) -> None:
    file = project / "defs/orders/orders.parquet"
    pq.write_table(pa.table({"id": [1, 2], "price": [1.0, 2.0]}), file)
    job = load(project).resolve_implicit_global_asset_job_def()
    selection = [dg.AssetKey(["shop", "orders"]), dg.AssetKey("report")]
    result = job.execute_in_process(asset_selection=selection)
    assert {one.passed for one in evaluations(result).values()} == {True}
    pq.write_table(pa.table({"id": [1, 1], "price": [1.0, -2.0]}), file)
    result = job.execute_in_process(asset_selection=selection, raise_on_error=False)
    found = evaluations(result)
    assert {name for name, one in found.items() if not one.passed} == {"price__minimum", "id__primaryKey"}
    assert found["price__minimum"].metadata["failing_rows"].value == 1
    assert "/contracts?dataset=orders" in found["price__minimum"].metadata["dashboard"].value
    made = [event.asset_key for event in result.get_asset_materialization_events()]
    assert dg.AssetKey("report") not in made


def test_each_partition_of_a_partitioned_asset_is_judged_by_its_own_rows(project: Path) -> None:
    pq.write_table(pa.table({"id": [1], "price": [1.0]}), project / "defs/orders/orders.parquet")
    job = load(project).resolve_implicit_global_asset_job_def()
    for region, passed in (("us", True), ("eu", False)):
        result = job.execute_in_process(
            asset_selection=[dg.AssetKey("regions")], partition_key=region, raise_on_error=False
        )
        minimum = evaluations(result)["price__minimum"]
        assert minimum.passed is passed
        assert minimum.metadata["batch"].value == region


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ("data: {path: a.csv, table: raw.a}\n  volume: true", "data gives path and table"),
        ("data: {}\n  volume: true", "data gives nothing"),
        ("data: {path: a.csv}", "nothing is asked for"),
        ("data: {function: 'shop_project.rows:absent'}\n  volume: true", "cannot be imported"),
        ("data: {path: a.csv}\n  volum: true", "volum"),
    ],
)
def test_a_mistake_in_the_yaml_is_named(project: Path, attributes: str, message: str) -> None:
    broken = f"type: dqm_assets.MonitoredDataset\nattributes:\n  asset: regions\n  {attributes}\n"
    (project / "defs/regions/defs.yaml").write_text(broken)
    with pytest.raises(Exception) as raised:  # Dagster wraps what a component raises
        load(project)
    told, error = "", raised.value
    while error is not None:
        told, error = f"{told}{error}", error.__cause__
    assert message in told
