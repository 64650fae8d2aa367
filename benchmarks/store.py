"""The store under load: small keyed writes, bulk loads and reads at once, beside one DuckDB file.

``python -m benchmarks.store --json``: four writers of 200 keyed 500-row upserts each, one bulk writer of
5 × 1,000,000 rows, two readers every 50 ms; DESIGN.md, section 5. The figures without a suffix have every
writer in a process of its own; those with ``_one_process`` have the four writers as threads of one process,
whose small writes are grouped. The final rows are checked in each.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import store_load
from benchmarks.report import print_report
from benchmarks.store_load import FileTarget, LakeTarget, Load, Target, Times
from dqm_assets.settings import Settings
from dqm_assets.store.embedded import EmbeddedPostgres

WRITERS, READERS = 4, 2
_LIMIT_SECONDS = 900


@dataclass(frozen=True)
class Outcome:
    """One run of the load."""

    seconds: float
    writes: Times
    loads: Times
    reads: Times


@dataclass(frozen=True)
class _Task:
    """What one process does."""

    role: str
    number: int
    target: Target
    settings: Settings
    load: Load


def _work(task: _Task, gates: Any, found: Any) -> None:
    """Be one process: open, wait for the others, work, report."""
    role, load = task.role, task.load
    start, done = gates
    opened = task.target(task.settings)
    start.wait()
    began = time.time()
    if role == "write":
        times = store_load.write(opened, task.number, load)
    elif role == "write_all":
        times = store_load.write_in_threads(opened, WRITERS, load)
    elif role == "bulk":
        times = store_load.write_bulk(opened, load)
    else:
        times = store_load.read(opened, WRITERS, done.is_set)
    times.retries = opened.retries
    found.put((role, times, began, time.time()))


def run(target: Target, settings: Settings, load: Load, *, one_process: bool = False) -> Outcome:
    """Run the load once and check the final rows."""
    store_load.prepare(target, settings)
    spawn = get_context("spawn")
    roles = ["write_all"] if one_process else ["write"] * WRITERS
    roles += ["bulk", *["read"] * READERS]
    gates, found = (spawn.Barrier(len(roles)), spawn.Event()), spawn.Queue()
    workers = [
        spawn.Process(target=_work, args=(_Task(role, number, target, settings, load), gates, found))
        for number, role in enumerate(roles)
    ]
    for worker in workers:
        worker.start()
    results = [found.get(timeout=_LIMIT_SECONDS) for _ in range(len(roles) - READERS)]
    gates[1].set()
    results += [found.get(timeout=_LIMIT_SECONDS) for _ in range(READERS)]
    for worker in workers:
        worker.join()
    counted = store_load.written(target, settings)
    assert counted == store_load.expected(load, WRITERS), f"wrong final rows: {counted}"
    writes = [result for result in results if result[0].startswith("write")]
    return Outcome(
        max(result[3] for result in writes) - min(result[2] for result in writes),
        _joined([result[1] for result in writes]),
        _joined([result[1] for result in results if result[0] == "bulk"]),
        _joined([result[1] for result in results if result[0] == "read"]),
    )


def figures(outcome: Outcome, suffix: str = "") -> dict[str, float]:
    """Name what was measured."""
    writes, reads = outcome.writes.milliseconds, outcome.reads.milliseconds
    retries = sum(times.retries for times in (outcome.writes, outcome.loads, outcome.reads))
    found = {
        "upserts_per_s": len(writes) / outcome.seconds,
        **_spread("writer", writes),
        **_spread("reader", reads),
        "bulk_load_max_ms": max(outcome.loads.milliseconds),
        "retries_seen": retries,
    }
    return {f"{name}{suffix}": round(value, 1) for name, value in found.items()}


def _spread(role: str, milliseconds: list[float]) -> dict[str, float]:
    half, most = np.percentile(milliseconds, [50, 95])
    return {f"{role}_p50_ms": half, f"{role}_p95_ms": most, f"{role}_max_ms": max(milliseconds)}


def _joined(times: list[Times]) -> Times:
    return Times(
        [value for one in times for value in one.milliseconds],
        sum(one.retries for one in times),
    )


def main() -> None:
    """Run ours and the peer one after the other and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--upserts", type=int, default=Load.upserts, help="by each writer")
    arguments.add_argument("--bulk-loads", type=int, default=Load.bulk_loads)
    arguments.add_argument("--without-peer", action="store_true")
    given = arguments.parse_args()
    load = Load(upserts=given.upserts, bulk_loads=given.bulk_loads)
    with tempfile.TemporaryDirectory(prefix="dqm-bench-") as folder:
        homes = [Settings(home=Path(folder) / name) for name in ("processes", "peer", "threads")]
        servers = [EmbeddedPostgres(home.home / "postgres") for home in homes[::2]]
        # The processes of a run come and go; the server stays.
        servers[0].join()
        ours = figures(run(LakeTarget, homes[0], load))
        servers[0].leave()
        peers = {} if given.without_peer else {"duckdb_file": figures(run(FileTarget, homes[1], load))}
        servers[1].join()
        ours |= figures(run(LakeTarget, homes[2], load, one_process=True), "_one_process")
        servers[1].leave()
    print_report("store", ours, peers, as_json=given.json)


if __name__ == "__main__":
    main()
