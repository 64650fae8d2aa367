"""The databases page in a real browser, over a database that was looked at and one that is away."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
import tenacity

from dqm_assets.pipeline.database_collect import collect_sources
from dqm_assets.settings import Settings
from dqm_assets.sources.databases.source_files import load_sources
from dqm_assets.store import open_store
from tests.e2e.conftest import DESKTOP, PHONE, Tab, run_dashboard, until
from tests.e2e.test_pages import violations
from tests.integration.databases.shop import Shop, new_shop

pytestmark = pytest.mark.e2e

FILES = {
    "shop": "source: shop\nurl: ${SHOP_URL}\nowner: sales\ntables:\n"
    "  - {table: public.orders, freshness: at, max_age: 30h}\n"
    "  - {table: public.log, kind: cdc, freshness: at, operation: {column: op}}\n",
    "away": "source: away\nurl: postgresql://u@127.0.0.1:9/x\nattempts: 1\nfailures: 1\nrest: 1d\ntables:\n"
    "  - {table: public.things, freshness: at}\n",
    "wrong": "source: wrong\nurl: oracle://x\n",
}


def filled(shop: Shop) -> None:
    """Fifty days of orders that end two days ago, and ten days of a change log up to now."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with psycopg.connect(shop.url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO orders SELECT i, %s::timestamptz - (i / 100 + 2) * interval '1 day', i %% 7, 'c',"
            " true FROM generate_series(1, 5000) i",
            [today],
        )
        connection.execute("CREATE TABLE log (at timestamptz, op text)")
        connection.execute(
            "INSERT INTO log SELECT %s::timestamptz - i * interval '6 minutes', substr('IUD', 1 + i %% 3, 1)"
            " FROM generate_series(1, 2400) i",
            [datetime.now(UTC) - timedelta(seconds=1)],
        )


def test_sources_their_tables_and_what_is_wrong_are_shown(
    new_settings: Callable[[], Settings],
    postgres_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    new_tab: Callable[..., Tab],
) -> None:
    folder = tmp_path / "sources"
    settings = new_settings().model_copy(update={"sources": folder})
    with new_shop(postgres_server) as shop:
        monkeypatch.setenv("SHOP_URL", shop.url)
        monkeypatch.setenv("DQM_SOURCES", str(folder))
        filled(shop)
        dashboard = run_dashboard(settings, tmp_path / "databases.log")
        url = next(dashboard)
        page = new_tab("light").open(url + "/databases")
        until(page, "document.body.innerText.includes('dqm init postgres://')", 60)
        assert violations(page) == []

        folder.mkdir()
        for name, text in FILES.items():
            (folder / f"{name}.yaml").write_text(text)
        store = open_store(settings)
        good = [each for name in ("away", "shop") for each in _of(settings, name)]
        collect_sources(store, settings, good, wait=tenacity.wait_none())
        store.close()

        until(page, "document.querySelectorAll('[aria-label=\"Tables of shop\"] tbody tr').length === 2", 60)
        shown = page.inner_text("#databases-content")
        assert "wrong.yaml:1:1" in shown
        assert "away cannot be reached" in shown
        assert "Left alone" in shown
        assert "Late" in page.inner_text("[aria-label='Tables of shop']")
        assert "changes by hour" in shown
        assert page.locator("[aria-label='Tables of shop'] img.spark").count() == 2
        for scheme, size in (("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)):
            other = new_tab(scheme, size).open(url + "/databases")
            other.wait_for_selector("[aria-label='Tables of shop']")
            assert other.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert violations(other) == []

        told = httpx.get(f"{url}/api/v1/sources", timeout=60).json()
        assert [source["status"] for source in told["sources"]] == ["FAILED", "SUCCESS"]
        assert [source["circuit"] for source in told["sources"]] == ["open", "closed"]
        tables = {each["table"]: each for each in told["sources"][1]["tables"]}
        assert (tables["public.orders"]["late"], tables["public.log"]["kind"]) == (True, "cdc")
        assert httpx.get(f"{url}/api/v1/sources/nowhere", timeout=60).status_code == 404
        dashboard.close()


def _of(settings: Settings, name: str) -> list:
    """The source of one good file; the folder as a whole has a wrong one."""
    alone = settings.home / f"only_{name}"
    alone.mkdir(parents=True, exist_ok=True)
    (alone / f"{name}.yaml").write_text(FILES[name])
    return load_sources(settings.model_copy(update={"sources": alone}))
