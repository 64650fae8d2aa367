"""Page times, repaint, callbacks, memory and faults of the dashboard over 1,000 datasets, 100,000 results.

``python -m benchmarks.dashboard --json``. A dashboard process serves a store of its own to Chromium over an
emulated line (10 Mbps, 40 ms). ``*_cold_s`` and ``*_warm_s``: from the request of an address until the page
has its content (for charts: until they are drawn), with an empty cache and with a full one, medians.
``repaint_p95_ms``: from the commit of a run until an open overview shows it, while ``--sockets`` more listen.
``callback_p95_ms``: the overview's own refresh, asked by ``--users`` at once, each as fast as answered.
``callback_cpu_ms``: seconds of the processor that one of them costs, which no other load changes.
``rss_mb``: resident memory of the process while all sockets are open; ``uss_mb`` leaves out what other
processes share. ``overview_kb`` and ``chart_kb``: what the browser fetches for a page with an empty cache.
Faults are counted on every page in both themes. ``--small`` takes everything but once or twice.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import websockets
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.typing import Origin

from benchmarks.dashboard_store import add_run, fill
from benchmarks.report import print_report
from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store

ROOT = Path(__file__).parents[1]
AXE = ROOT / "tests" / "e2e" / "vendor" / "axe.min.js"
PAGES = (
    "/dashboard", "/datasets", "/datasets?dataset=d0000", "/datasets?dataset=d0000&tab=checks",
    "/runs?dataset=d0000", "/devices", "/crypto", "/contracts", "/alerts",
    "/backtest?dataset=d0000&column=value&metric=mean", "/system",
)  # fmt: skip
LINE = {"offline": False, "latency": 40, "downloadThroughput": 1_250_000, "uploadThroughput": 1_250_000}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def dashboard(settings: Settings) -> Generator[psutil.Process]:
    """A dashboard process over a store that is open here too."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DQM_")}
    environment |= {"DQM_HOME": str(settings.home), "DQM_PORT": str(settings.port)}
    process = subprocess.Popen([sys.executable, "-m", "dash_app"], cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if httpx.get(f"{settings.dashboard_url}/health").status_code in (200, 503):
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def page_times(browser: Browser, url: str, ready: str, rounds: int) -> tuple[float, float, float]:
    """Seconds until a page is there, with an empty and with a filled cache, and kB fetched: medians."""
    cold, warm, fetched = [], [], []
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", LINE)
        sizes: list[float] = []
        session.on("Network.loadingFinished", partial(_note_size, sizes))
        cold.append(_seconds(page, url, ready))
        fetched.append(sum(sizes) / 1000)
        page.goto("about:blank")
        warm.append(_seconds(page, url, ready))
        context.close()
    return statistics.median(cold), statistics.median(warm), statistics.median(fetched)


def _note_size(sizes: list[float], event: dict[str, Any]) -> None:
    sizes.append(event["encodedDataLength"])


def _seconds(page: Page, url: str, ready: str) -> float:
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(ready, state="attached", timeout=60_000)
    return time.perf_counter() - begin


def faults(browser: Browser, url: str, pages: Sequence[str]) -> dict[str, int]:
    """Accessibility violations, console errors and requests to other origins on the pages, both themes."""
    found = {"axe_violations": 0, "console_errors": 0, "external_requests": 0}

    def foreign(address: str) -> None:
        found["external_requests"] += not address.startswith(
            (url, "data:", "blob:", url.replace("http", "ws"))
        )

    def said(kind: str) -> None:
        found["console_errors"] += kind == "error"

    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.on("console", lambda message: said(message.type))
        page.on("pageerror", lambda _error: said("error"))
        page.on("request", lambda request: foreign(request.url))
        for path in pages:
            page.goto(url + path)
            page.wait_for_selector("h1", timeout=60_000)
            _drawn(page)
            page.evaluate(AXE.read_text())
            rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
            broken = page.evaluate(f"axe.run(document, {{runOnly: {rules}}})")["violations"]
            found["axe_violations"] += len(broken)
        context.close()
    return found


def _drawn(page: Page) -> None:
    """Wait until charts and tables are there. (Asked again and again: the pages forbid Playwright's eval.)"""
    wanted = (
        "[...document.querySelectorAll('.graph')].every(g => g.querySelector('.main-svg'))"
        " && !document.querySelector('.grid-waits')"
    )
    deadline = time.monotonic() + 60
    while not page.evaluate(wanted):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{page.url} was not drawn within a minute")
        page.wait_for_timeout(50)


def feed_request(url: str) -> str:
    """The message that starts the live feed on a socket, as a page's own worker sends it."""
    dependencies = httpx.get(f"{url}/_dash-dependencies").json()
    feed = next(each["output"] for each in dependencies if each["persistent"])
    payload = {"output": feed, "outputs": [], "inputs": [], "changedPropIds": [], "state": []}
    return json.dumps(
        {"type": "callback_request", "requestId": "1", "rendererId": "benchmark", "payload": payload}
    )


def refresh_request(url: str) -> str:
    """The overview's own refresh on a new version, as its page asks for it while it shows nothing yet."""
    known = httpx.get(f"{url}/_dash-dependencies").json()
    asked = next(each for each in known if "overview-tiles.children" in each["output"])
    outputs = [each.rpartition(".") for each in asked["output"].strip(".").split("...")]
    return json.dumps(
        {
            "output": asked["output"],
            "outputs": [{"id": name, "property": part} for name, _, part in outputs],
            "inputs": [{"id": "live-version", "property": "data", "value": 1}],
            "changedPropIds": ["live-version.data"],
            "state": [{**each, "value": None} for each in asked["state"]],
        }
    )


async def many_sockets(url: str, request: str, amount: int) -> list[Any]:
    """Open sockets that each start the feed as a page does, and leave them open once it has answered."""

    async def one() -> Any:
        address = f"{url.replace('http', 'ws', 1)}/_dash-ws-callback"
        live = await websockets.connect(address, origin=Origin(url), max_queue=4)
        await live.send(request)
        assert "live-version" in str(await asyncio.wait_for(live.recv(), 60))
        return live

    found: list[Any] = []
    for begin in range(0, amount, 25):
        found += await asyncio.gather(*(one() for _ in range(min(25, amount - begin))))
    return found


def repaints(page: Page, store: Store, rounds: int) -> list[float]:
    """Milliseconds from the commit of a run until the open overview shows it."""
    times = []
    for number in range(rounds):
        add_run(store, number)
        begin = time.perf_counter()
        page.wait_for_selector(f"#overview-body [title='new-{number:05d}']", timeout=30_000)
        times.append(1000 * (time.perf_counter() - begin))
        time.sleep(0.4)
    return times


async def callbacks(url: str, users: int, rounds: int) -> list[float]:
    """Milliseconds of the overview's refresh, asked by users at once."""
    times: list[float] = []
    refresh = refresh_request(url)
    headers = {"Content-Type": "application/json", "Origin": url}

    async def user(client: httpx.AsyncClient) -> None:
        for _ in range(rounds):
            begin = time.perf_counter()
            answer = await client.post("/_dash-update-component", content=refresh, headers=headers)
            times.append(1000 * (time.perf_counter() - begin))
            answer.raise_for_status()

    limits = httpx.Limits(max_connections=users)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        await asyncio.gather(*(user(client) for _ in range(users)))
    return times


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Take all figures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), port=port)
        with open_store(settings) as store:
            fill(store)
            url = settings.dashboard_url
            with dashboard(settings) as process, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
                figures: dict[str, float] = {}
                rounds = options.page_rounds
                cold, warm, size = page_times(browser, f"{url}/dashboard", ".score-card", rounds)
                figures |= {"overview_cold_s": cold, "overview_warm_s": warm, "overview_kb": size}
                chart = f"{url}/runs?dataset=d0000"
                cold, warm, size = page_times(browser, chart, "#runs-chart .main-svg", rounds)
                figures |= {"chart_cold_s": cold, "chart_warm_s": warm, "chart_kb": size}
                figures |= faults(browser, url, PAGES[:3] if options.small else PAGES)
                figures |= _loaded(browser, store, url, process, options)
                browser.close()
    return figures


def _loaded(
    browser: Browser, store: Store, url: str, process: psutil.Process, options: argparse.Namespace
) -> dict[str, float]:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"{url}/dashboard")
    page.wait_for_selector(".score-card", timeout=60_000)
    # Playwright's loop has this thread, asyncio gets one of its own.
    with ThreadPoolExecutor(1) as thread:
        asked = callbacks(url, options.users, options.rounds)
        before = _cpu_seconds(process)
        times = thread.submit(lambda: asyncio.run(asked)).result()
        spent = _cpu_seconds(process) - before
    with _Sockets(url, options.sockets) as live:
        painted = repaints(page, store, options.repaints)
        memory = process.memory_full_info()
    page.context.close()
    return {
        "repaint_p95_ms": percentile(painted, 0.95),
        "callback_p50_ms": statistics.median(times),
        "callback_p95_ms": percentile(times, 0.95),
        "callback_cpu_ms": 1000 * spent / len(times),
        "sockets": live.opened,
        "rss_mb": memory.rss / 1e6,
        "uss_mb": memory.uss / 1e6,
    }


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


class _Sockets:
    """Sockets held open by a process of their own, as Playwright's loop and asyncio do not share a thread."""

    def __init__(self, url: str, amount: int) -> None:
        self._asked = json.dumps({"url": url, "amount": amount})
        self.opened = 0

    def __enter__(self) -> "_Sockets":
        command = [sys.executable, "-m", "benchmarks.dashboard", "--hold-sockets"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(self._asked.encode() + b"\n")
        self._process.stdin.flush()
        self.opened = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)


async def hold_sockets() -> None:
    """Open the sockets that the first line of the input asks for, say how many, and keep them."""
    asked = json.loads(await asyncio.to_thread(sys.stdin.readline))
    live = await many_sockets(asked["url"], feed_request(asked["url"]), asked["amount"])
    print(len(live), flush=True)

    async def drain(one: Any) -> None:
        async for _ in one:
            pass

    await asyncio.gather(*(drain(one) for one in live), return_exceptions=True)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--sockets", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=6, help="requests of each user")
    parser.add_argument("--repaints", type=int, default=20)
    parser.add_argument("--page-rounds", type=int, default=3, help="times that each page is opened")
    parser.add_argument("--small", action="store_true", help="everything once or twice")
    parser.add_argument("--hold-sockets", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.small:
        options.rounds, options.repaints, options.page_rounds = 2, 3, 1
    if options.hold_sockets:
        asyncio.run(hold_sockets())
        return
    figures = {name: round(value, 3) for name, value in measure(options).items()}
    print_report("dashboard", figures, {}, as_json=options.json)


if __name__ == "__main__":
    main()
