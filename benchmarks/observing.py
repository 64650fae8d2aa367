"""How fast points go through ``observe()``: metrics, verdicts, detector states, alerts, in a store.

CPU seconds of the process that observes; PostgreSQL's are not in them. ``wide``: one dataset of many series,
a point of each in one call. ``call``: datasets of one series, a call each. ``late_over_early``: cost of a
call after a long history over its cost after a short one.
"""

import random
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from dqm_assets.store.embedded import EmbeddedPostgres

_WATCH = Watch("share", "ensemble", kind="share")
_START = datetime(2026, 1, 1, tzinfo=UTC)
_SHORT, _LONG = 60, 1_000


@contextmanager
def _empty_store() -> Generator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.join()
        try:
            with open_store(Settings(home=Path(folder) / "home", postgres_url=server.url)) as store:
                yield store
        finally:
            server.leave()


def _points(series: int, first: int, last: int) -> list[Point]:
    noise = random.Random(first)
    return [
        Point("", f"s{s:05d}", "share", f"b{i:06d}", _START + timedelta(hours=i), noise.gauss(0.8, 0.02))
        for i in range(first, last)
        for s in range(series)
    ]


def _cpu(store: Store, dataset: str, series: int, first: int, calls: int) -> float:
    """CPU seconds of a call that brings one more point of each series; the mean of some calls."""
    batches = [_points(series, i, i + 1) for i in range(first, first + calls)]
    began = time.process_time()
    for batch in batches:
        observe(store, dataset, batch, [_WATCH])
    return (time.process_time() - began) / calls


def observing_figures(series: int, datasets: int, calls: int = 20) -> dict[str, float]:
    """Measure in a store of its own.

    Args:
        series: series of the one wide dataset.
        datasets: datasets of one series each.
        calls: calls that are averaged.
    """
    with _empty_store() as store:
        observe(store, "wide", _points(series, 0, _SHORT), [_WATCH])
        wide = _cpu(store, "wide", series, _SHORT, calls)
        names = [f"many{d:04d}" for d in range(datasets)]
        for name in names:
            observe(store, name, _points(1, 0, _SHORT), [_WATCH])
        began = time.process_time()
        for name in names:
            observe(store, name, _points(1, _SHORT, _SHORT + 1), [_WATCH])
        many = (time.process_time() - began) / datasets
        few = max(series // 10, 1)
        observe(store, "short", _points(few, 0, _SHORT), [_WATCH])
        early = _cpu(store, "short", few, _SHORT, calls)
        observe(store, "long", _points(few, 0, _LONG), [_WATCH])
        late = _cpu(store, "long", few, _LONG, calls)
    return {
        "observe_points_per_s": series / wide,
        "observe_wide_us": wide / series * 1e6,
        "observe_call_ms": many * 1e3,
        "observe_late_over_early": late / early,
    }
