"""Evidence through the command line: reopened as it was, masked, told from what replaced it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.pipeline.evidence import evidence_id
from dqm_assets.settings import Settings
from dqm_assets.store import Store
from tests.integration.pipeline.platform import Platform

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: shop
version: 1.0.0
schema:
  - name: orders
    properties:
      - {name: price, logicalType: number, logicalTypeOptions: {minimum: 0}}
      - {name: card, logicalType: string, classification: restricted}
"""
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def shop(settings: Settings, store: Store, tmp_path: Path) -> Platform:
    """The dataset of orders with its contract in a folder of its own."""
    from dqm_assets.ingest import Landing  # noqa: PLC0415

    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "orders.odcs.yaml").write_text(CONTRACT)
    here = settings.model_copy(update={"contracts": folder})
    return Platform(Landing(here.landing_folder), store, find_dataset(here, "orders"))


@pytest.fixture
def dqm(settings: Settings, tmp_path: Path) -> Command:
    """Runs a command in a process of its own."""

    def run(*arguments: str, expected: Sequence[int] = (0,)) -> tuple[int, str]:
        environment = {
            **os.environ,
            "DQM_HOME": str(settings.home),
            "DQM_POSTGRES_URL": str(settings.postgres_url),
            "DQM_CONTRACTS": str(tmp_path / "contracts"),
        }
        done = subprocess.run(
            [sys.executable, "-m", "dqm_assets.cli", *arguments],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in expected, done.stderr
        return done.returncode, done.stdout

    return run


def test_failing_rows_are_reopened_as_they_were_after_later_writes(shop: Platform, dqm: Command) -> None:
    shop.drop("a-2026-01-01.csv", b"price,card\n1,1111\n-5,2222\n3,3333\n")
    (run,) = shop.process()
    wanted = evidence_id("orders", run.run_id, "price__minimum")
    # The rows are mended in place, and more come.
    with shop.store.connection() as cursor:
        cursor.execute("UPDATE raw.orders SET price = 5 WHERE price < 0")
    shop.drop("b-2026-01-02.csv", b"price,card\n-7,4444\n")
    shop.process()
    code, printed = dqm("check", "show", wanted[:8], "--json", expected=[1])
    found = json.loads(printed)
    assert (code, found["reopened"], found["failing_rows"]) == (1, True, 1)
    assert found["rows"] == [{"_line": 3, "price": -5.0, "card": "•••"}]
    alert = shop.store.rows("SELECT alert_id FROM monitoring.alerts WHERE metric = 'price__minimum'")[0]
    assert "-7" in dqm("check", "show", alert["alert_id"], expected=[1])[1]
    assert dqm("check", "show", "nothing", expected=[2])[0] == 2


def test_a_changed_clause_shows_the_rows_that_were_kept(shop: Platform, dqm: Command, tmp_path: Path) -> None:
    shop.drop("a-2026-01-01.csv", b"price,card\n-5,2222\n")
    (run,) = shop.process()
    (tmp_path / "contracts/orders.odcs.yaml").write_text(CONTRACT.replace("minimum: 0", "minimum: -9"))
    wanted = evidence_id("orders", run.run_id, "price__minimum")
    found = json.loads(dqm("check", "show", wanted, "--json", expected=[1])[1])
    assert (found["reopened"], found["why_not"]) == (False, "the clause asks for something else now")
    assert found["rows"][0]["price"] == -5.0


def test_a_contract_is_written_from_a_raw_table_and_the_history_of_its_columns_is_told(
    shop: Platform, dqm: Command
) -> None:
    body = b"".join(b"%d,%d,%d\n" % (1000 + n, n % 50, n % 7) for n in range(300))
    shop.drop("a-2026-01-01.csv", b"price,id,size\n" + body.replace(b"x", b""))
    lines = [b"%d,%d,%d\n" % (n % 90, 5000 + n, n % 7) for n in range(300)]
    shop.drop("b-2026-01-02.csv", b"price,id,extra\n" + b"".join(lines))
    shop.process()
    written = dqm("contract", "init", "orders", "--dataset", "sales")[1]
    assert "name: sales" in written
    assert "physicalName: orders" in written
    assert "600 rows in 2 batches" in written
    told = dqm("contract", "history", "orders")[1]
    assert "- size: int64" in told
    assert "+ extra: int64" in told
    assert dqm("contract", "history", "absent", expected=[2])[0] == 2
    assert "neither a file nor a raw table" not in written
    assert dqm("contract", "init", "ordres", expected=[2])[0] == 2
