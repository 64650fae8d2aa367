"""A consumer process for the tests: it kills itself at a named step of a write, or loses its atomicity."""

import argparse
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from dqm_assets.settings import Settings
from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits
from dqm_assets.sources.streams.sink import OFFSETS, StreamSink, Written, following
from dqm_assets.store import Store, open_store


class LeakySink(StreamSink):
    """The negative control: offsets are stored after the rows, in a transaction of their own."""

    def write(self, records: pa.Table) -> Written:
        """Write rows, then offsets: what lies between is what the tests must catch."""
        events, dead = self._classifier.split(records)
        moved = following(records, self._held)
        with self._store.transaction() as tx:
            tx.append("raw.stream_events", events)
            tx.append("raw.dead_letters", dead)
        self._at("between")
        with self._store.transaction() as tx:
            tx.upsert(OFFSETS, self._rows(moved))
        self._held.update(moved)
        return Written(events.num_rows, dead.num_rows)


def killing(step: str, times: int) -> Callable[[str], None]:
    """Kill this process when a step is reached for the n-th time; never, when the step has no name."""
    seen = 0

    def at(reached: str) -> None:
        nonlocal seen
        seen += reached == step
        if step and seen == times:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def main() -> None:
    """Consume until everything up to the given number of records is stored."""
    parser = argparse.ArgumentParser()
    for name in ("home", "postgres_url", "bootstrap", "topic"):
        parser.add_argument(name)
    parser.add_argument("--until", type=int, required=True)
    parser.add_argument("--kill-at", default="")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--leaky", action="store_true")
    asked = parser.parse_args()
    settings = Settings(home=Path(asked.home), postgres_url=asked.postgres_url)
    kind = LeakySink if asked.leaky else StreamSink
    deadline = time.monotonic() + 120
    with open_store(settings) as store:
        sink = kind(store, asked.topic, killing(asked.kill_at, asked.times))
        limits = StreamLimits(batch=100, linger=0.02, metadata=0.5)
        with StreamConsumer(asked.bootstrap, asked.topic, sink, limits) as consumer:
            consumer.run(lambda: stored(store, asked.topic) >= asked.until or time.monotonic() > deadline)


def stored(store: Store, topic: str) -> int:
    """Records up to which the store has everything, by its offsets."""
    rows = store.rows(
        "SELECT sum(greatest(next_offset, 0)) AS n FROM monitoring.offsets WHERE topic = ?", [topic]
    )
    return int(rows[0]["n"] or 0)


if __name__ == "__main__":
    main()
