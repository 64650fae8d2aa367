import sys
from pathlib import Path

import pytest

from benchmarks import contract_peers, contracts
from benchmarks.contract_rows import COMPARED


def test_soda_states_every_compared_clause_once() -> None:
    columns = contract_peers._SODA_COLUMNS
    checks = [check for checks in columns.values() for check in checks] + contract_peers._SODA_SQL
    assert len(checks) == len(COMPARED)


@pytest.mark.parametrize("peer", ["great_expectations", "soda", "datacontract"])
def test_a_peer_that_is_not_installed_is_named_as_missing(peer: str, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "python")
    found = contracts._run(nowhere, peer, tmp_path / "rows.parquet", tmp_path / "contract.yaml")
    assert found == {
        "note": f"missing: {contracts.PACKAGES[peer][0]} is not installed for {nowhere}; see --peer-python"
    }


def test_each_peer_may_have_an_interpreter_of_its_own() -> None:
    assert contracts._pythons(["/all/python", "soda=/soda/python"]) == {
        "great_expectations": "/all/python",
        "soda": "/soda/python",
        "datacontract": "/all/python",
    }
    with pytest.raises(SystemExit, match="no peer is called soda-core"):
        contracts._pythons([f"soda-core={sys.executable}"])
