"""A source in Dagster: one run looks at its tables and checks them; a wrong file hides nothing."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dqm_assets.defs.databases.definitions import defs
from dqm_assets.settings import Settings, settings
from tests.integration.dagster.conftest import home, instance, landing
from tests.integration.databases.shop import Shop

__all__ = ["home", "instance", "landing"]

SOURCE = """\
source: shop
url: ${SHOP_URL}
owner: sales
tables:
  - {table: public.orders, freshness: at, history: 3650d, max_age: 3650d}
  - {table: public.missing, freshness: at}
"""

PROJECT = """\
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "watched_project"
"""


@pytest.fixture
def folder(home: Settings, shop: Shop, tmp_path: Path) -> Iterator[Path]:
    """A sources folder with one good file and one that is wrong."""
    (tmp_path / "shop.yaml").write_text(SOURCE)
    (tmp_path / "wrong.yaml").write_text("source: [")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_URL", shop.url)
        patch.setenv("DQM_SOURCES", str(tmp_path))
        settings.cache_clear()
        yield tmp_path
    settings.cache_clear()


def test_one_run_looks_at_the_tables_and_checks_them(
    instance: dg.DagsterInstance, folder: Path, shop: Shop
) -> None:
    shop.add_days(0, 40)
    whole = defs()
    (schedule,) = whole.schedules or ()
    result = whole.resolve_job_def("source_shop").execute_in_process(instance=instance, raise_on_error=False)

    assert result.success
    (materialised,) = result.asset_materializations_for_node("look_at_shop")
    assert materialised.asset_key == dg.AssetKey("shop_orders")
    assert materialised.metadata["periods"].value >= 39
    checks = {
        (one.asset_key.to_user_string(), one.check_name): one for one in result.get_asset_check_evaluations()
    }
    assert {name for name, one in checks.items() if not one.passed} == {("shop_missing", "answers")}
    assert set(checks) >= {("shop_orders", name) for name in ("answers", "freshness", "volume", "anomalies")}
    # The first look only teaches what its days hold; what is newest is judged.
    assert (checks["shop_orders", "volume"].description or "").startswith("1 judged value, none out of band")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    node = whole.resolve_job_def("source_shop").graph.node_named("look_at_shop")
    assert node.definition.pool == "source_shop"  # ty: ignore[unresolved-attribute]


def test_a_component_makes_the_same_definitions(folder: Path) -> None:
    project = folder / "watched_project"
    (project / "defs" / "shop").mkdir(parents=True)
    for name in ("__init__.py", "defs/__init__.py"):
        (project / name).touch()
    (project / "defs" / "shop" / "shop.yaml").write_text(SOURCE)
    (project / "defs" / "shop" / "defs.yaml").write_text(
        "type: dqm_assets.MonitoredDatabase\nattributes:\n  file: shop.yaml\n"
    )
    (folder / "pyproject.toml").write_text(PROJECT)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        made = dg.load_from_defs_folder(path_within_project=project / "defs")

    assert {key.to_user_string() for key in made.resolve_asset_graph().get_all_asset_keys()} == {
        "shop_orders",
        "shop_missing",
    }
