"""How long rows stay, by contract and by setting."""

from pathlib import Path

import pytest

from dqm_assets.errors import ContractError
from dqm_assets.pipeline.retention import retention_of
from dqm_assets.settings import Settings

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: orders
version: 1.0.0
status: active
customProperties:
  - {{property: retentionDays, value: {days}}}
schema:
  - name: orders
    physicalName: customer_orders
    properties:
      - {{name: id, logicalType: integer}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "landing" / "orders").mkdir(parents=True)
    (tmp_path / "landing" / "others").mkdir()
    (tmp_path / "contracts").mkdir()
    return Settings(home=tmp_path, contracts=tmp_path / "contracts", retention_days=60)


def test_a_contract_says_how_long_its_rows_stay_and_the_setting_says_it_of_the_rest(
    settings: Settings,
) -> None:
    (settings.contracts / "orders.odcs.yaml").write_text(CONTRACT.format(days=400))
    found = retention_of(settings)
    assert (found.days, found.of_datasets) == (60, {"orders": 400})
    assert list(found.of_tables.values()) == [400]
    assert retention_of(settings, 7).days == 7


@pytest.mark.parametrize("days", ["0", "-3", "soon", "1.5"])
def test_days_that_are_no_number_are_refused(settings: Settings, days: str) -> None:
    (settings.contracts / "orders.odcs.yaml").write_text(CONTRACT.format(days=days))
    with pytest.raises(ContractError, match="retentionDays"):
        retention_of(settings)
