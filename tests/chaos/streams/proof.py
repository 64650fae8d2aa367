"""The big proof that each record counts once: ``nice python -m tests.chaos.streams``.

A real Apache Kafka, an idempotent producer, one consumer process after the other. Most are killed with
SIGKILL at a random moment of their work, some exactly at each step of a write, and the broker is killed while
they read. At the end every offset of every partition must be in the store exactly once, and what was poison
must be a dead letter of its kind. The control has its offsets stored apart from the rows: the same count must
catch it.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import confluent_kafka

from dqm_assets.settings import Settings
from dqm_assets.simulate.stream import SensorStream, SimulatedEvent
from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits
from dqm_assets.sources.streams.sink import StreamSink
from dqm_assets.store import Store, open_store
from tests.chaos.streams.consumer import LeakySink, killing, stored
from tests.chaos.streams.test_exactly_once import STEPS
from tests.integration.streams.kafka.broker import QUIET, KafkaBroker, make_broker

PARTITIONS = 4
FOUND = """
    WITH found AS (
        SELECT partition, record_offset, 'event' AS kind FROM raw.stream_events WHERE topic = $topic
        UNION ALL SELECT partition, record_offset, code FROM raw.dead_letters WHERE topic = $topic
    )
    SELECT partition, count(*) AS records, count(DISTINCT record_offset) AS distinct_records,
        min(record_offset) AS first, max(record_offset) AS last
    FROM found GROUP BY partition ORDER BY partition
"""
DEAD = "SELECT code, count(*) AS n FROM raw.dead_letters WHERE topic = ? GROUP BY code"
#: Seconds after which a consumer that does nothing counts as stuck.
PATIENCE = 900.0


@dataclass(frozen=True)
class Orders:
    """What one consumer process is to do."""

    home: Path
    bootstrap: str
    topic: str
    batch: int
    #: Step to die at, and at which time that it is reached; empty: it is killed from outside, or ends.
    step: str = ""
    times: int = 1
    leaky: bool = False
    #: It ends when so many records are stored.
    until: int = sys.maxsize


def consume(orders: Orders, reached: Any) -> None:
    """Be the consumer; each step of a write is counted where the parent sees it."""
    die = killing(orders.step, orders.times)

    def at(step: str) -> None:
        place = STEPS.index(step) if step in STEPS else len(STEPS)
        reached[0], reached[1] = reached[0] + 1, place
        die(step)

    # A process of its own: the store joins the PostgreSQL that the parent has started.
    with open_store(Settings(home=orders.home), threads=1) as store:
        sink = (LeakySink if orders.leaky else StreamSink)(store, orders.topic, at)
        limits = StreamLimits(batch=orders.batch, linger=0.02, metadata=1.0)
        with StreamConsumer(orders.bootstrap, orders.topic, sink, limits) as consumer:
            seen = [-1, 0]

            def done() -> bool:
                if consumer.totals.batches != seen[0]:
                    seen[:] = [consumer.totals.batches, stored(store, orders.topic)]
                return seen[1] >= orders.until

            consumer.run(done if orders.until < sys.maxsize else lambda: False)


class Source:
    """Produces a pool of events over and over, and counts what the broker has confirmed."""

    def __init__(self, broker: KafkaBroker, topic: str) -> None:
        self._topic = topic
        self._pool: list[SimulatedEvent] = list(islice(SensorStream(poison_share=0.02).events(), 50_000))
        self._place = 0
        self.sent: Counter[str] = Counter()
        self.refused = 0
        self._producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": broker.bootstrap,
                "enable.idempotence": True,
                "linger.ms": 50,
                "compression.type": "lz4",
                "message.timeout.ms": 900_000,
                "queue.buffering.max.messages": 200_000,
                **QUIET,
            }
        )

    def send(self, amount: int) -> None:
        """Hand over so many events; they may still be on their way afterwards."""
        for _ in range(amount):
            event = self._pool[self._place % len(self._pool)]
            self._place += 1
            while True:
                try:
                    self._producer.produce(self._topic, event.value, on_delivery=self._delivered)
                    break
                except BufferError:
                    self._producer.poll(0.1)
            self.sent[event.poison] += 1
        self._producer.poll(0)

    def finish(self) -> None:
        """Wait until the broker has confirmed all."""
        left = self._producer.flush(PATIENCE)
        assert left == 0, f"{left} records were never confirmed"
        assert self.refused == 0, f"the broker refused {self.refused} records"

    def _delivered(self, error: Any, _: Any) -> None:
        self.refused += error is not None


@dataclass
class Score:
    """What happened so far."""

    kills: int = 0
    failpoints: int = 0
    broker_kills: int = 0
    #: The step that a random kill hit.
    hit: Counter[str] = field(default_factory=Counter)


class Proof:
    """Runs rounds: a consumer starts, events come, something dies."""

    def __init__(self, home: Path, broker: KafkaBroker, topic: str, seed: int) -> None:
        self.home, self.broker, self.topic = home, broker, topic
        self.score = Score()
        self._random = random.Random(seed)
        # The server has everything imported: a consumer starts in the time that it takes to open the store.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.chaos.streams.proof"])

    def start(self, **orders: Any) -> tuple[Any, Any]:
        """Start a consumer; gives its process and what it tells: steps so far, and the last of them."""
        reached = self._context.RawArray("q", 2)
        chosen = {"batch": self._random.randint(500, 40_000), **orders}
        order = Orders(self.home, self.broker.bootstrap, self.topic, **chosen)
        process = self._context.Process(target=consume, args=(order, reached))
        process.start()
        return process, reached

    def random_kill(self, send: Callable[[int], None], amount: int, *, kill_broker: bool) -> None:
        """Kill a consumer at a random moment after its first step, and perhaps the broker before that."""
        process, reached = self.start()
        send(amount // 2)
        self._wait(process, lambda: reached[0] > 0)
        if kill_broker:
            self.broker.kill()
            self.score.broker_kills += 1
            self.broker.start()
            steps = reached[0]
            send(amount - amount // 2)
            self._wait(process, lambda: reached[0] > steps)
        else:
            send(amount - amount // 2)
        time.sleep(self._random.uniform(0, 0.5))  # the moment of the kill
        assert process.is_alive(), "the consumer ended by itself"
        process.kill()
        process.join(60)
        self.score.hit[STEPS[reached[1]]] += 1
        self.score.kills += 1

    def failpoint(self, step: str, send: Callable[[int], None], amount: int, **orders: Any) -> None:
        """Have a consumer die exactly at a step."""
        # Batches are so small that there are as many as it takes.
        times = self._random.randint(1, 3)
        process, _ = self.start(step=step, times=times, batch=max(1, amount // 4), **orders)
        send(amount)
        self._wait(process, lambda: not process.is_alive())
        assert process.exitcode == -9, f"the consumer did not die at {step}: {process.exitcode}"
        self.score.failpoints += 1

    def drain(self, amount: int, **orders: Any) -> None:
        """Let a last consumer read the rest."""
        process, _ = self.start(until=amount, **orders)
        process.join(PATIENCE * 4)
        assert process.exitcode == 0, f"the last consumer ended with {process.exitcode}"

    def _wait(self, process: Any, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                process.kill()
                raise AssertionError("the consumer got stuck")
            time.sleep(0.005)


def lost_and_doubled(store: Store, topic: str, sent: int) -> tuple[int, int]:
    """How many records are missing, and how many are there again."""
    rows = store.rows(FOUND, {"topic": topic})
    for row in rows:
        assert row["first"] == 0, row
    distinct = sum(row["distinct_records"] for row in rows)
    return sent - distinct, sum(row["records"] for row in rows) - distinct


def prove(store: Store, proof: Proof, events: int, kills: int, broker_kills: int) -> bool:
    """Run the rounds and count; whether nothing was lost or doubled."""
    began = time.monotonic()
    source = Source(proof.broker, proof.topic)
    points = [step for step in STEPS for _ in range(2)]
    rounds = kills + len(points)
    every = max(1, kills // max(1, broker_kills))
    for number in range(rounds):
        left = events - sum(source.sent.values())
        part = left if number == rounds - 1 else events // rounds

        if number < kills:
            due = number % every == 0 and proof.score.broker_kills < broker_kills
            proof.random_kill(source.send, part, kill_broker=due)
        else:
            proof.failpoint(points[number - kills], source.send, part)
        if number % 5 == 4 or number == rounds - 1:
            print(
                f"round {number + 1}/{rounds}, {time.monotonic() - began:,.0f} s: "
                f"{sum(source.sent.values()):,} sent, {stored(store, proof.topic):,} stored, "
                f"{proof.score.kills} kills, {proof.score.failpoints} at failpoints, "
                f"{proof.score.broker_kills} of the broker",
                flush=True,
            )
    source.finish()
    proof.drain(events)
    lost, doubled = lost_and_doubled(store, proof.topic, events)
    dead = {row["code"]: row["n"] for row in store.rows(DEAD, [proof.topic])}
    poison = {kind: n for kind, n in source.sent.items() if kind}
    print(f"random kills hit: {dict(proof.score.hit)}")
    letters = sum(dead.values())
    print(f"poison sent {sum(poison.values()):,}, dead letters {letters:,}, kinds alike: {dead == poison}")
    print(
        f"PROOF {events:,} events, {proof.score.kills} random kills, {proof.score.failpoints} at failpoints, "
        f"{proof.score.broker_kills} broker kills: {lost} lost, {doubled} doubled, "
        f"{time.monotonic() - began:,.0f} s",
        flush=True,
    )
    return (lost, doubled) == (0, 0) and dead == poison


def control(store: Store, proof: Proof, events: int) -> bool:
    """Offsets that are stored apart: whether the count shows it."""
    source = Source(proof.broker, proof.topic)
    proof.failpoint("between", source.send, events, leaky=True)
    source.finish()
    proof.drain(events, leaky=True)
    lost, doubled = lost_and_doubled(store, proof.topic, events)
    print(f"CONTROL offsets apart: {lost} lost, {doubled} doubled; caught: {doubled > 0}", flush=True)
    return doubled > 0


def main() -> None:
    """Run the proof; exit code 1 when it fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--broker-kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dqm-proof-") as folder:
        home = Path(folder) / "home"
        kafka = Path(folder) / "kafka"
        kafka.mkdir()
        broker = make_broker(kafka)
        broker.start()
        try:
            for topic in ("proof", "control"):
                broker.make_topic(topic, PARTITIONS)
            with open_store(Settings(home=home)) as store:
                proof = Proof(home, broker, "proof", asked.seed)
                proven = prove(store, proof, asked.events, asked.kills, asked.broker_kills)
                caught = control(store, Proof(home, broker, "control", asked.seed), 20_000)
        finally:
            broker.kill()
    sys.exit(0 if proven and caught else 1)
