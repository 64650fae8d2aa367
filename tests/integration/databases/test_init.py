"""`dqm init` and `dqm sources` as a person uses them, over a real database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dqm_assets.cli.main import cli
from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings, settings
from tests.integration.databases.shop import Shop

Run = Callable[..., Result]


@pytest.fixture
def dqm(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a home of its own."""
    made: Settings = request.getfixturevalue("settings")
    for name, value in (
        ("HOME", made.home), ("POSTGRES_URL", made.postgres_url), ("SOURCES", tmp_path / "sources"),
        ("CONTRACTS", tmp_path / "contracts"),
    ):  # fmt: skip
        monkeypatch.setenv(f"DQM_{name}", str(value))
    (tmp_path / "contracts").mkdir()
    settings.cache_clear()
    request.addfinalizer(settings.cache_clear)
    return lambda *arguments: CliRunner().invoke(cli, list(map(str, arguments)))


def test_a_database_is_looked_at_written_down_and_watched(dqm: Run, shop: Shop, tmp_path: Path) -> None:
    shop.add_days(0, 40)
    shop.execute("CREATE TABLE log (id bigint, ts timestamptz, op text, updated_at timestamptz)")
    shop.execute("INSERT INTO log SELECT i, '2026-03-01', 'I', now() FROM generate_series(1, 9) i")
    shop.execute("CREATE TABLE colours (name text)")

    done = dqm("init", shop.url, "--name", "shop", "--owner", "sales", "--yes", "--json")

    assert done.exit_code == 0, done.output
    tables = {table["table"]: table for table in json.loads(done.stdout)["tables"]}
    assert (tables["public.orders"]["kind"], tables["public.orders"]["freshness"]) == ("batch", "at")
    assert (tables["public.log"]["kind"], tables["public.log"]["freshness"]) == ("cdc", "ts")
    assert (tables["public.colours"]["kind"], tables["public.colours"]["freshness"]) == ("snapshot", None)
    assert (tmp_path / "contracts" / "shop_orders.odcs.yaml").exists()
    assert dqm("contract", "lint", tmp_path / "contracts" / "shop_orders.odcs.yaml").exit_code == 0

    checked = dqm("sources", "check", "--json")
    assert json.loads(checked.stdout)[0]["tables"] == 3
    looked = dqm("sources", "run", "--now", "2026-04-09T06:00", "--json")
    found = {table["dataset"]: table for table in json.loads(looked.stdout)[0]["tables"]}
    assert found["shop_orders"]["periods"] == 39
    assert found["shop_colours"]["reason"] == ""
    listed = json.loads(dqm("sources", "list", "--json").stdout)
    assert {table["dataset"]: table["status"] for table in listed["tables"]} == dict.fromkeys(
        found, "SUCCESS"
    )


def test_a_password_is_kept_out_of_the_file_and_nothing_is_overwritten(
    dqm: Run, mariadb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = dqm("init", mariadb, "--yes", "--no-contracts", "--json")

    assert json.loads(done.stdout)["password_variable"] == "SHOP_PASSWORD"
    written = (tmp_path / "sources" / "shop.yaml").read_text()
    assert "secret" not in written
    assert "reader:${SHOP_PASSWORD}@127.0.0.1" in written
    with pytest.raises(SettingsError, match="set the environment variable SHOP_PASSWORD"):
        _raised(dqm("sources", "check"))
    monkeypatch.setenv("SHOP_PASSWORD", "secret")
    assert dqm("sources", "check").exit_code == 0
    with pytest.raises(SettingsError, match="exists"):
        _raised(dqm("init", mariadb, "--yes"))


def test_a_source_that_is_away_ends_with_code_2(dqm: Run, tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "away.yaml").write_text(
        "source: away\nurl: postgresql://u@127.0.0.1:9/x\nattempts: 1\n"
        "tables: [{table: public.things, freshness: at}]\n"
    )
    assert dqm("sources", "run").exit_code == 2
    assert dqm("sources", "check").exit_code == 2
    assert dqm("sources", "list").exit_code == 1


def _raised(result: Result) -> None:
    assert result.exception is not None
    raise result.exception
