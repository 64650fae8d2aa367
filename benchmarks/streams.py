"""The stream from a real Kafka broker into the store: catching up, latency, poison, recovery.

``python -m benchmarks.streams --json``: the Apache Kafka of the tests (without Java the development broker,
which holds 5 MB a partition; ``broker`` says which), an embedded PostgreSQL, and the service of
``dqm stream run`` in a process of its own, with its windows and verdicts.

``catchup_per_s``: records a second from a full topic, from the claim to the end of the last commit, best of
the rounds; ``catchup_per_cpu_s`` the same by the CPU seconds of the consumer. ``poison_cost``: the share of
``catchup_per_cpu_s`` that 1 % poison takes. ``cpu_at_10k``: cores of the consumer at 10,000 events a second
(``postgres_cpu_at_10k``: of its database). ``p50_ms_at_10k``, ``p99_ms_at_10k``: from a record's own time at
the producer to the end of the commit that makes it readable. ``recovery_s``: from a SIGKILL of the consumer,
whose successor is started at once, to a commit with a record younger than a second; ``recovery_broker_s``:
from the moment that a killed broker answers again.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.report import print_report
from benchmarks.stream_load import RATE, Commit, Sending, consume, produce, quantile, told
from dqm_assets.settings import Settings
from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.store import open_store
from tests.integration.streams.jars import JarsAbsentError
from tests.integration.streams.kafka.broker import KafkaBroker, make_broker

_PATIENCE = 900.0
#: Seconds at the begin of a paced run that are not judged: everything is still being opened.
_WARM_UP = 3.0
_FRESH_MS = 1000
#: All that a partition of the development broker holds, in records.
_DEVELOPMENT_RECORDS = 60_000

_processes = multiprocessing.get_context("forkserver")


def _started(target: Callable[..., None], *arguments: Any) -> Any:
    process = _processes.Process(target=target, args=arguments)
    process.start()
    return process


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)


def catch_up(folder: Path, bootstrap: str, topic: str, events: int) -> tuple[float, float]:
    """Records a second, and a CPU second, of a consumer that begins at the first record."""
    home = Path(tempfile.mkdtemp(dir=folder))
    with open_store(Settings(home=home)) as store:
        consumer = _started(consume, home, bootstrap, topic, home / "log", events)
        consumer.join(_PATIENCE)
        assert consumer.exitcode == 0
        stored = store.rows(
            "SELECT (SELECT count(*) FROM raw.stream_events) + (SELECT count(*) FROM raw.dead_letters) AS n"
        )
    assert stored == [{"n": events}], "records were lost or doubled"
    found = told(home / "log")
    first, last = found.commits[0], found.commits[-1]
    later = events - first.records
    per_cpu = later / (last.cpu - first.cpu) if later else float("nan")
    return events / (last.ended - found.claimed), per_cpu


def catching_up(folder: Path, bootstrap: str, topics: dict[str, str], events: int, rounds: int) -> dict:
    """Clean and poisoned topics in turn."""
    for kind, topic in topics.items():
        sender = _started(
            produce, Sending(bootstrap, topic, events, poison=0.01 if kind == "poison" else 0.0)
        )
        sender.join(_PATIENCE)
        assert sender.exitcode == 0
    best = dict.fromkeys(topics, (0.0, 0.0))
    for _ in range(rounds):
        for kind, topic in topics.items():
            found = catch_up(folder, bootstrap, topic, events)
            best[kind] = (max(best[kind][0], found[0]), max(best[kind][1], found[1]))
    return {
        "catchup_per_s": best["clean"][0],
        "catchup_per_cpu_s": best["clean"][1],
        "poison_cost": 1 - best["poison"][1] / best["clean"][1],
        "poison_cost_wall": 1 - best["poison"][0] / best["clean"][0],
    }


def at_rate(folder: Path, bootstrap: str, topic: str, seconds: float, broker: KafkaBroker | None) -> dict:
    """A paced stream: its cost, its latency, and how it recovers."""
    home = Path(tempfile.mkdtemp(dir=folder))
    stop = _processes.Event()
    with open_store(Settings(home=home)):
        sender = _started(produce, Sending(bootstrap, topic, 10**9, RATE, 0.01), stop)
        try:
            first = _Consumer(home, bootstrap, topic, "first")
            begins = first.fresh_after(0.0) + _WARM_UP
            _until(lambda: time.time() > begins)
            database = database_cpu(home)
            _until(lambda: time.time() > begins + seconds)
            database = database_cpu(home) - database
            judged = [commit for commit in first.commits() if commit.ended > begins]
            span = judged[-1].ended - judged[0].ended
            figures = {
                "rate_seen": sum(commit.records for commit in judged[1:]) / span,
                "cpu_at_10k": (judged[-1].cpu - judged[0].cpu) / span,
                "postgres_cpu_at_10k": database / seconds,
                "p50_ms_at_10k": quantile(judged, 0.5),
                "p99_ms_at_10k": quantile(judged, 0.99),
                "commits_per_s": (len(judged) - 1) / span,
            }
            first.process.kill()
            killed = time.time()
            second = _Consumer(home, bootstrap, topic, "second")
            figures["recovery_s"] = second.fresh_after(killed) - killed
            if broker is not None:
                broker.kill()
                broker.start()
                answers = time.time()
                figures["recovery_broker_s"] = second.fresh_after(answers) - answers
            second.process.kill()
        finally:
            stop.set()
            sender.join(60)
    return figures


class _Consumer:
    """A consumer process of a paced stream."""

    def __init__(self, home: Path, bootstrap: str, topic: str, name: str) -> None:
        self._log = home / name
        self.process = _started(consume, home, bootstrap, topic, self._log, 10**12)

    def commits(self) -> tuple[Commit, ...]:
        return told(self._log).commits

    def fresh_after(self, moment: float) -> float:
        """Wait for a commit after a moment whose newest record is young; the end of that commit."""
        found: list[float] = []

        def fresh() -> bool:
            assert self.process.is_alive(), "the consumer ended"
            found[:] = [c.ended for c in self.commits() if c.ended > moment and c.ages.min() < _FRESH_MS]
            return bool(found)

        _until(fresh)
        return found[0]


def database_cpu(home: Path) -> float:
    """CPU seconds of the embedded PostgreSQL of a home so far."""
    server = psutil.Process(int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0]))
    times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(one.user + one.system for one in times) + server.cpu_times().children_user


@contextmanager
def running_broker(folder: Path) -> Generator[tuple[str, KafkaBroker | None, dict[str, str], str]]:
    """The broker: its kind, itself when it can be killed, its topics, its address."""
    try:
        kafka = make_broker(folder)
    except JarsAbsentError as error:
        with DevelopmentBroker() as broker:
            # Its topics need not be made.
            topics = {kind: f"{broker.address.topic}-{kind}" for kind in ("clean", "poison", "paced")}
            yield f"development broker: {error}", None, topics, broker.address.bootstrap
        return
    kafka.start()
    try:
        topics = {kind: kind for kind in ("clean", "poison", "paced")}
        for topic in topics:
            kafka.make_topic(topic, 4)
        yield "Apache Kafka 4.1.1", kafka, topics, kafka.bootstrap
    finally:
        kafka.kill()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON line")
    parser.add_argument("--events", type=int, default=2_000_000, help="records to catch up with")
    parser.add_argument("--seconds", type=float, default=30.0, help="seconds at 10,000 a second")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    _processes.set_forkserver_preload(["benchmarks.stream_load"])
    with tempfile.TemporaryDirectory(prefix="dqm-streams-") as name:
        folder = Path(name)
        with running_broker(folder) as (kind, broker, topics, bootstrap):
            events = options.events if broker else min(options.events, _DEVELOPMENT_RECORDS)
            paced = topics.pop("paced")
            figures = catching_up(folder, bootstrap, topics, events, options.rounds)
            figures |= at_rate(folder, bootstrap, paced, options.seconds, broker)
    print_report("streams", {"broker": kind, "events": events, **figures}, {}, as_json=options.json)


if __name__ == "__main__":
    main()
