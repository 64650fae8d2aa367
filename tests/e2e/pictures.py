"""Draws the dashboard's pictures anew: every page, light and dark, wide, narrow and on a phone.

``python -m tests.e2e.pictures`` writes those of ``docs/images``; ``--all FOLDER`` writes every page in both
themes and all widths to look through. Nothing of it is part of the tests.
"""

import argparse
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from dqm_assets.pipeline.devices_monitor import monitor
from dqm_assets.pipeline.devices_stage import collect_due
from dqm_assets.pipeline.scores import update_scores
from dqm_assets.settings import Settings
from dqm_assets.simulate.crypto_api import crypto_router
from dqm_assets.simulate.device_api import DeviceSimulation, devices_router
from dqm_assets.simulate.fleet_outages import OutagePlan, parse_outage
from dqm_assets.simulate.serving import serving
from dqm_assets.sources.devices.clock import Clock
from dqm_assets.sources.devices.incidents import Rule
from dqm_assets.store import Store, open_store
from tests.e2e.conftest import CHROMIUM, DRAWN, FLAGS, PHONE, ROOT, free_port, run_dashboard, until
from tests.e2e.seed import seed
from tests.integration.crypto.conftest import START as PRICES_START
from tests.integration.crypto.conftest import collect_from

IMAGES = ROOT / "docs" / "images"
#: Name of the picture and address of each page.
PAGES = {
    "overview": "/dashboard",
    "datasets": "/datasets",
    "dataset": "/datasets?dataset=detector",
    "dataset-checks": "/datasets?dataset=detector&tab=checks",
    "dataset-schema": "/datasets?dataset=detector&tab=schema",
    "dataset-lineage": "/datasets?dataset=detector&tab=lineage",
    "runs": "/runs?dataset=detector",
    "devices": "/devices?span=6h&by=Supplier",
    "crypto": "/crypto?span=24h",
    "contracts": "/contracts",
    "contract": "/contracts?dataset=detector",
    "alerts": "/alerts?dataset=detector",
    "backtest": "/backtest?dataset=detector&column=value&metric=mean",
    "system": "/system",
    "audit": "/audit",
}
WIDTHS = {
    "": ViewportSize(width=1440, height=900),
    "-wide": ViewportSize(width=1600, height=1000),
    "-narrow": ViewportSize(width=1280, height=800),
    "-phone": PHONE,
}


def fill(store: Store, settings: Settings) -> None:
    """Write runs, a fleet whose supplier Cobalto has just gone away, and three hours of prices."""
    seed(store)
    server = FastAPI()
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=4)
    outage = parse_outage(f"Supplier=Cobalto*0.9@{start + timedelta(hours=4):%Y-%m-%dT%H:%M}/90m")
    server.include_router(devices_router(DeviceSimulation(2000, outages=OutagePlan((outage,)))))
    server.include_router(crypto_router())
    clock = Clock(start, timedelta(minutes=15), most=17, start=start, accelerated=True)
    until_now = (datetime.now(UTC) - PRICES_START) / timedelta(minutes=1)
    with serving(server) as url:
        collect_due(store, settings.model_copy(update={"devices_url": url}), clock)
        monitor(store, Rule())
        moments = [until_now - back for back in range(180, -1, -10)]
        collect_from(store, settings, f"{url}/api/v3", moments)
    update_scores(store)


@contextmanager
def filled_dashboard() -> Generator[str]:
    """A dashboard over a store of its own, without the tests' server."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), port=free_port())
        with open_store(settings) as store:
            fill(store, settings)
            running = run_dashboard(settings, Path(folder) / "dashboard.log")
            yield next(running)
            running.close()


def draw(browser: Browser, url: str, scheme: str, width: str, path_of: Callable[[str], Path | None]) -> None:
    """Draw each page for which there is a place."""
    context = browser.new_context(
        viewport=WIDTHS[width],
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    for name, address in PAGES.items():
        path = path_of(f"{name}{width}-{scheme}")
        if path is not None:
            page.goto(url + address)
            page.wait_for_selector("h1", timeout=60_000)
            until(page, DRAWN)
            page.wait_for_timeout(400)
            _take(page, path, whole=bool(width))
    context.close()


def _take(page: Page, path: Path, *, whole: bool) -> None:
    page.screenshot(path=path, full_page=whole)


def main() -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page, both themes, all widths")
    parser.add_argument("--only", default="", help="only pages whose name contains this")
    options = parser.parse_args()
    folder = options.all or IMAGES

    def path_of(name: str) -> Path | None:
        wanted = options.only in name and (options.all is not None or (IMAGES / f"{name}.png").exists())
        return folder / f"{name}.png" if wanted else None

    folder.mkdir(parents=True, exist_ok=True)
    with filled_dashboard() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for scheme in ("light", "dark"):
            for width in WIDTHS if options.all else ("",):
                draw(browser, url, scheme, width, path_of)
        browser.close()


if __name__ == "__main__":
    main()
