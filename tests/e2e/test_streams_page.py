"""The streams page in a real browser, over windows that a consumer has counted and judged."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pyarrow as pa
import pytest

from dqm_assets.settings import Settings
from dqm_assets.sources.streams.classify import RECORDS
from dqm_assets.sources.streams.counted_windows import CountedWindows
from dqm_assets.sources.streams.report import StreamReporter
from dqm_assets.sources.streams.service import TopicWatch
from dqm_assets.sources.streams.sink import StreamSink
from dqm_assets.sources.streams.window_judge import WindowJudge
from dqm_assets.store import Store, open_store
from tests.e2e.conftest import DESKTOP, PHONE, Tab, run_dashboard, until
from tests.e2e.test_pages import violations

pytestmark = pytest.mark.e2e

WIDTH = timedelta(seconds=5)
SOURCES = ("plant-a", "plant-b")
_WINDOWS, _EVENTS = 12, 20


@dataclass(frozen=True)
class Running:
    """A dashboard and its store."""

    url: str
    store: Store


@pytest.fixture(scope="module")
def running(
    new_settings: Callable[[], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    settings = new_settings()
    store = open_store(settings)
    dashboard = run_dashboard(settings, tmp_path_factory.mktemp("log") / "streams.log")
    yield Running(next(dashboard), store)
    dashboard.close()
    store.close()


def feed(store: Store) -> None:
    """A minute of two sources, some of it broken, through the sink, the windows and the judge."""
    watch = TopicWatch(store, "sensor-events", WIDTH, CountedWindows(store))
    sink = StreamSink(store, watch.topic, watch.meter.at, watch)
    sink.claim([0])
    start = datetime.fromtimestamp(datetime.now(UTC).timestamp() // 5 * 5 - _WINDOWS * 5, UTC)
    for window in range(_WINDOWS):
        sink.write(batch(window * _EVENTS, start + window * WIDTH))
    watch.keeper.polled(started=start + _WINDOWS * WIDTH + timedelta(seconds=1), drained=True)
    watch.keeper.flush()
    reporter = StreamReporter(store, [watch], (0, 1))
    watch.lag = 3
    reporter.judged(WindowJudge(store, WIDTH).judge())
    reporter.report()
    sink.close()
    watch.keeper.close()


def batch(first: int, at: datetime) -> pa.Table:
    """Events of one window; the last is no JSON, and bytes of a stranger are shown as they are."""
    bodies = [
        json.dumps(
            {
                "event_id": f"e{first + place}",
                "source": SOURCES[place % 2],
                "sensor": "s",
                "ts": at.isoformat(),
                "value": float(place),
                "status": "ok",
            }
        ).encode()
        for place in range(_EVENTS - 1)
    ]
    bodies.append(b"<b>broken</b>{")
    return pa.table(
        {
            "topic": ["sensor-events"] * _EVENTS,
            "partition": [0] * _EVENTS,
            "record_offset": list(range(first, first + _EVENTS)),
            "produced_at": [int(at.timestamp() * 1000)] * _EVENTS,
            "simulated": [True] * _EVENTS,
            "raw": bodies,
        },
        schema=RECORDS,
    )


def test_a_stream_appears_by_itself_and_is_told_in_full(
    running: Running, new_tab: Callable[..., Tab]
) -> None:
    page = new_tab("light").open(running.url + "/streams")
    until(page, "document.body.innerText.includes('dqm stream run')")
    assert violations(page) == []
    assert httpx.get(f"{running.url}/api/v1/streams").status_code == 404

    feed(running.store)

    until(page, "document.querySelectorAll('#streams-lines .scatterlayer .trace').length >= 3")
    until(page, "document.querySelectorAll('#streams-sources tbody tr').length === 3")
    assert "These events come from the simulator" in page.inner_text("#streams-top")
    rest = page.inner_text("#streams-rest")
    assert "sensor-events" in rest
    assert "<b>broken</b>{" in rest
    assert violations(page) == []

    page.get_by_text("6h", exact=True).click()
    until(page, "window.location.search.includes('span=6h')")

    for scheme, size in (("dark", DESKTOP), ("light", PHONE)):
        linked = new_tab(scheme, size).open(running.url + "/streams?metric=error_rate&span=1h")
        until(linked, "document.querySelector('#streams-what').innerText === 'Error rate'")
        until(linked, "document.querySelectorAll('#streams-health .scatterlayer .trace').length >= 3")
        assert linked.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert violations(linked) == []


def test_the_api_tells_what_the_page_shows(running: Running) -> None:
    if not running.store.rows("SELECT 1 FROM monitoring.stream_health LIMIT 1"):
        feed(running.store)
    with httpx.Client(base_url=running.url, timeout=60) as client:
        now = client.get("/api/v1/streams").json()
        sources = client.get("/api/v1/streams/sources").json()
        lines = client.get("/api/v1/streams/series/error_rate", params={"minutes": 60}).json()
        letters = client.get("/api/v1/streams/dead-letters").json()
        health = client.get("/api/v1/streams/health").json()

    assert (now["simulated"], now["topics"][0]["lag"], now["status"]) == (True, 3, "SUCCESS")
    assert [each["source"] for each in sources] == ["all sources", *SOURCES]
    assert lines[0]["values"] == [pytest.approx(1 / _EVENTS)] * _WINDOWS
    assert [(kind["code"], kind["letters"]) for kind in letters] == [("not_json", _WINDOWS)]
    assert len(health) == 1
