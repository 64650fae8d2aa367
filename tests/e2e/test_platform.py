"""`dqm up --demo` as people run it: a dropped file is seen judged, Dagster's UI works, nothing stays."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page
from playwright.sync_api import Error as PlaywrightError

from dqm_assets.cli.demo import INTERVAL
from dqm_assets.simulate.runs import RunSeries, run_csv
from tests.e2e.conftest import DESKTOP, ROOT, Tab, free_port

pytestmark = pytest.mark.e2e

IMAGES = ROOT / "docs" / "images"
ASSET = "raw_detector_readings"
#: Generous: the machine may be busy with everything else.
START_SECONDS, SEEN_SECONDS = 180, 60


@dataclass(frozen=True)
class Running:
    """A platform that runs."""

    process: subprocess.Popen
    home: Path
    dashboard: str
    dagster: str

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """A JSON document of the dashboard's API."""
        return httpx.get(f"{self.dashboard}{path}", params=query, timeout=20).raise_for_status().json()

    def ask(self, query: str) -> dict[str, Any]:
        """Answer of Dagster's GraphQL."""
        answer = httpx.post(f"{self.dagster}/graphql", json={"query": query}, timeout=30)
        return answer.raise_for_status().json()["data"]

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to it, PostgreSQL's included."""
        home = str(self.home)
        tree = psutil.Process(self.process.pid).children(recursive=True)
        serving = [p for p in psutil.process_iter(["cmdline"]) if home in " ".join(p.info["cmdline"] or ())]
        return list({*tree, *serving, psutil.Process(self.process.pid)})


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`dqm up --demo` in a home of its own, with its history judged; the module's last test ends it."""
    home = tmp_path_factory.mktemp("platform")
    ports = free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DQM_")}
    environment |= {"DQM_HOME": str(home), "DQM_PORT": str(ports[0]), "DQM_DAGSTER_PORT": str(ports[1])}
    log = home / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dqm_assets.cli", "up", "--demo"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    running = Running(process, home, *(f"http://127.0.0.1:{port}" for port in ports))
    try:
        _wait_for_history(running, log)
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(90)


def _wait_for_history(running: Running, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and running.process.poll() is None:
        try:
            if len(judged_runs(running)) >= 50:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    pytest.fail(f"the platform did not come up: {log.read_text()[-4000:]}")


def judged_runs(running: Running) -> list[dict]:
    runs = running.get("/metrics/history", dataset="detector", limit="200")["runs"]
    return [run for run in runs if run["status"] in {"GOOD", "BAD"}]


@pytest.fixture
def dagster_page(browser: Browser) -> Iterator[Page]:
    """A page for Dagster's UI, whose own console is not ours to judge."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB")
    yield context.new_page()
    context.close()


def test_a_dropped_file_appears_judged_on_the_open_runs_page(
    platform: Running, new_tab: Callable[..., Tab], record_property: Callable[[str, object], None]
) -> None:
    page = new_tab().open(f"{platform.dashboard}/runs?dataset=detector")
    page.wait_for_selector("#runs-grid .ag-row")
    page.evaluate("window.sameDocument = true")
    state = json.loads((platform.home / "demo.json").read_text())
    series = RunSeries(start=datetime.fromisoformat(state["start"]), interval=INTERVAL, seed=99)
    now = datetime.now(UTC)
    run = series.run(int((now - series.start) / INTERVAL))
    target = platform.home / "landing" / "detector" / "dropped.csv"
    unfinished = target.with_name(".dropped.csv.tmp")
    unfinished.write_bytes(run_csv(run))
    unfinished.rename(target)
    begin = time.monotonic()
    row = page.locator("#runs-grid .ag-row[row-id^='dropped-']")
    row.filter(has_text=re.compile("good|bad", re.IGNORECASE)).first.wait_for(timeout=SEEN_SECONDS * 1000)
    seconds = time.monotonic() - begin
    record_property("seconds_from_drop_to_judged_on_the_page", round(seconds, 2))
    sys.stderr.write(f"\nfrom the drop to its judgement on the Runs page: {seconds:.1f} s\n")
    assert page.evaluate("window.sameDocument"), "the page was loaded anew"


def test_materialize_is_clicked_in_dagster_and_the_run_succeeds(
    platform: Running, dagster_page: Page
) -> None:
    partition = judged_runs(platform)[-1]["run_id"]
    dagster_page.goto(f"{platform.dagster}/assets/{ASSET}")
    dagster_page.get_by_role("button", name="Materialize").first.click()
    dagster_page.get_by_text("Launch runs to materialize").wait_for()
    dagster_page.get_by_text("Select a partition or create one").click()
    dagster_page.get_by_placeholder("Filter partitions").fill(partition)
    dagster_page.get_by_role("menuitem").filter(has_text=partition).click()
    dagster_page.keyboard.press("Escape")
    dagster_page.get_by_role("button", name="Launch 1 run").click()
    run = _ended_run(platform, partition)
    assert run["status"] == "SUCCESS"
    assert run["tags"]["dagster/partition"] == partition


def _ended_run(platform: Running, partition: str) -> dict[str, Any]:
    tag = json.dumps(partition)
    query = f'{{runsOrError(filter:{{tags:[{{key:"dagster/partition",value:{tag}}}]}})'
    query += "{... on Runs{results{status tags{key value}}}}}"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        runs = platform.ask(query)["runsOrError"]["results"]
        if runs and runs[0]["status"] in {"SUCCESS", "FAILURE", "CANCELED"}:
            return {"status": runs[0]["status"], "tags": {t["key"]: t["value"] for t in runs[0]["tags"]}}
        time.sleep(0.5)
    pytest.fail("the run did not end")


def test_the_checks_tab_shows_numbers_and_the_plot(platform: Running, dagster_page: Page) -> None:
    dagster_page.goto(f"{platform.dagster}/assets/{ASSET}?view=checks&checkDetail=volume")
    dagster_page.get_by_text("Latest execution").wait_for()
    dagster_page.get_by_text("earlier_batches").first.wait_for()
    # The list, what a check is about and what it found come by questions of their own, in any order.
    for told in ("volume", "freshness", "schema", "has_rows", "z-score over mean and standard deviation"):
        dagster_page.get_by_text(told).first.wait_for(state="attached")
    plot = _shown_plot(dagster_page)
    assert plot.first.evaluate("image => image.complete && image.naturalWidth > 300")


def _shown_plot(page: Page) -> Locator:
    """The plot of a check, inline or behind a link; Dagster draws the tab anew when a run judges again."""
    plot = page.locator("img[src^='data:image/png'], [role=dialog] img[src^='data:image/png']")
    deadline = time.monotonic() + 150
    while plot.count() == 0 and time.monotonic() < deadline:
        with contextlib.suppress(PlaywrightError):
            page.get_by_text("Show Markdown").last.click(timeout=5_000)
        page.wait_for_timeout(500)
    plot.first.wait_for()
    return plot


def test_the_asset_graph_shows_the_way_of_a_run(platform: Running, dagster_page: Page) -> None:
    dagster_page.set_viewport_size({"width": 1680, "height": 720})
    dagster_page.goto(f"{platform.dagster}/locations/dqm/asset-groups/detector_readings/lineage")
    for name in (ASSET, "run_metrics", "run_registry"):
        dagster_page.get_by_text(name, exact=True).first.wait_for(state="attached")
    if "DQM_SCREENSHOTS" in os.environ:
        dagster_page.wait_for_timeout(3_000)
        dagster_page.screenshot(path=IMAGES / "asset_graph.png")
        assert (IMAGES / "asset_graph.png").stat().st_size < 300_000


def test_sigterm_ends_everything_and_leaves_no_process(platform: Running) -> None:
    """Last in the module: it takes the platform down."""
    processes = platform.processes()
    names = {process.name() for process in processes}
    assert "postgres" in names
    assert len(processes) > 5
    platform.process.send_signal(signal.SIGTERM)
    assert platform.process.wait(90) == 0
    _, alive = psutil.wait_procs(processes, timeout=15)
    assert [process.cmdline() for process in alive] == []
