"""A dashboard process over a seeded store, and a browser that reports whatever a page does wrong."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from tests.e2e.seed import seed
from tests.e2e.seeder import Seeder

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Playwright's own 5 s is less than a busy machine needs for one page.
expect.set_options(timeout=60_000)
DESKTOP = ViewportSize(width=1440, height=900)
#: JavaScript: every chart is drawn, and every table has come.
DRAWN = (
    "[...document.querySelectorAll('.graph')].every(g => g.querySelector('.main-svg'))"
    " && !document.querySelector('.grid-waits')"
)
PHONE = ViewportSize(width=390, height=844)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard process and the store that it reads."""

    url: str
    store: Store
    seeder: Seeder


def run_dashboard(settings: Settings, log: Path) -> Iterator[str]:
    """Run ``python -m dash_app`` with these settings until the generator is closed; gives its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DQM_")}
    environment |= {
        "DQM_HOME": str(settings.home),
        **({"DQM_POSTGRES_URL": settings.postgres_url} if settings.postgres_url else {}),
        "DQM_PORT": str(settings.port),
    }
    if settings.sources is not None:
        environment["DQM_SOURCES"] = str(settings.sources)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dash_app"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            _wait_until_healthy(settings.dashboard_url, process, log)
            yield settings.dashboard_url
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"the dashboard did not start: {log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def new_settings(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Settings]]:
    """Makes settings with a home, databases and a port of their own."""
    made: list[str] = []

    def make() -> Settings:
        database = f"e2e_{len(made)}_{os.getpid()}"
        made.append(database)
        return Settings(
            home=tmp_path_factory.mktemp("home"),
            postgres_url=postgres_server.replace("/postgres?", f"/{database}?"),
            port=free_port(),
        )

    yield make
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for database in made:
            for part in ("lake", "dagster"):
                connection.execute(f"DROP DATABASE IF EXISTS {database}_{part} WITH (FORCE)")


@pytest.fixture(scope="session")
def dashboard(
    new_settings: Callable[[], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboard]:
    """A dashboard over the seeded store."""
    settings = new_settings()
    store = open_store(settings)
    seeder = seed(store)
    running = run_dashboard(settings, tmp_path_factory.mktemp("log") / "dashboard.log")
    yield Dashboard(next(running), store, seeder)
    running.close()
    store.close()


@pytest.fixture(scope="session")
def empty_dashboard(
    new_settings: Callable[[], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a dashboard over a store that holds nothing."""
    settings = new_settings()
    open_store(settings).close()
    running = run_dashboard(settings, tmp_path_factory.mktemp("log") / "empty.log")
    yield next(running)
    running.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; a machine without it skips, a CI machine fails."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
        pytest.skip(f"no {CHROMIUM} here: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield launched
        launched.close()


def until(page: Page, condition: str, seconds: float = 60) -> None:
    """Wait until a JavaScript condition holds. (Playwright's own wait is an eval, which the pages forbid.)

    What it asks of may not be there yet, or be replaced by a refresh or a navigation: it is asked again.
    """
    deadline = time.monotonic() + seconds
    problem = ""
    while True:
        try:
            if page.evaluate(f"Boolean({condition})"):
                return
            problem = ""
        except PlaywrightError as error:
            problem = f" ({error.message})"
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {condition}{problem}")
        page.wait_for_timeout(50)


def _range_of(chart: str) -> str:
    """JavaScript: what of the time axis of a chart is shown."""
    return f"document.querySelector('#{chart} .js-plotly-plot')._fullLayout.xaxis.range"


def time_range(page: Page, chart: str) -> list[str]:
    """What of the time axis of a chart is shown, once it is drawn."""
    until(page, _range_of(chart))
    return page.evaluate(_range_of(chart))


def zoom(page: Page, chart: str) -> list[str]:
    """Drag over the middle of a chart, as people zoom; gives the range that is shown then."""
    whole = time_range(page, chart)
    area = page.locator(f"#{chart} .nsewdrag").first
    area.scroll_into_view_if_needed()
    place = area.bounding_box()
    assert place is not None
    middle = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.5, middle, steps=4)
    page.mouse.move(place["x"] + place["width"] * 0.7, middle, steps=4)
    page.mouse.up()
    until(page, f"String({_range_of(chart)}) !== {','.join(whole)!r}")
    return time_range(page, chart)


@dataclass
class Tab:
    """A page in the browser and what it did wrong so far."""

    page: Page
    wrongs: list[str]

    def open(self, address: str) -> Page:
        """Go to an address and wait until its page is laid out."""
        self.page.goto(address)
        self.page.wait_for_selector("h1")
        return self.page


@pytest.fixture
def new_tab(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; at the end, a console error, a failed or a foreign request in any fails the test."""
    tabs: list[Tab] = []

    def make(scheme: str = "light", viewport: ViewportSize = DESKTOP, zone: str = "America/Sao_Paulo") -> Tab:
        context = browser.new_context(
            viewport=viewport,
            color_scheme="dark" if scheme == "dark" else "light",
            timezone_id=zone,
            locale="en-GB",
        )
        page = context.new_page()
        tab = Tab(page, [])
        page.on(
            "console",
            lambda said: tab.wrongs.append(f"console: {said.text}") if _is_wrong(said) else None,
        )
        page.on("pageerror", lambda error: tab.wrongs.append(f"error: {error}"))
        page.on("request", lambda request: _note_foreign(tab, request.url))
        page.on("response", lambda answer: _note_failed(tab, answer.status, answer.url))
        tabs.append(tab)
        return tab

    yield make
    wrongs = [wrong for tab in tabs for wrong in tab.wrongs]
    for tab in tabs:
        tab.page.context.close()
    assert wrongs == []


def _is_wrong(said: ConsoleMessage) -> bool:
    """An error, or a warning of the tables; those about preloads only tell how busy the machine is."""
    return said.type == "error" or (said.type == "warning" and said.text.startswith("AG Grid"))


def _note_foreign(tab: Tab, url: str) -> None:
    if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
        tab.wrongs.append(f"request to another origin: {url}")


def _note_failed(tab: Tab, status: int, url: str) -> None:
    if status >= 400:
        tab.wrongs.append(f"{status} {url}")
