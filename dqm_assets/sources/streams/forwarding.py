"""Forwarding dead letters to a topic: the table they are in is the outbox, so that none is forgotten."""

import threading
from datetime import UTC, datetime

import pyarrow as pa
import structlog

from dqm_assets.errors import DqmError, SourceError
from dqm_assets.sources.streams.client import kafka_client
from dqm_assets.sources.streams.dead_letters import LETTERS
from dqm_assets.store import Store

_log = structlog.get_logger(__name__)
#: Letters that are sent together, seconds between two looks, and seconds that the broker has to take them.
_MOST, EVERY, _PATIENCE = 1_000, 5.0, 30.0

_WAITING = """
    SELECT topic, partition, record_offset, code, reason, raw FROM raw.dead_letters
    WHERE forwarded_at IS NULL AND replayed_at IS NULL AND topic <> $target
    ORDER BY dead_at, topic, partition, record_offset LIMIT $most
"""


class LetterForwarder:
    """Sends dead letters to a topic, each at least once, with where it was and why it is dead as headers.

    A letter is marked as forwarded when the broker has it. Who dies in between sends it again, under the same
    key (``topic:partition:offset``), by which readers tell repetitions.

    Args:
        store: The open store.
        bootstrap: Addresses of brokers, comma separated.
        target: The topic for letters; letters of its own are not forwarded.
    """

    def __init__(self, store: Store, bootstrap: str, target: str) -> None:
        self._store, self._target = store, target
        self._producer = kafka_client().Producer(
            {"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 20, "log_level": 2}
        )

    def run(self, stopping: threading.Event) -> None:
        """Forward until told to stop; a broker or a store that is away is tried again."""
        while not stopping.wait(EVERY):
            try:
                while self.forward() == _MOST and not stopping.is_set():
                    pass
            except DqmError as error:
                _log.warning("letters_not_forwarded", topic=self._target, error=str(error))

    def forward(self) -> int:
        """Forward what waits, at most a thousand letters.

        Returns:
            How many were forwarded.

        Raises:
            SourceError: the broker did not take all of them; those wait.
            StoreError: the store cannot be read or written; the letters are sent again.
        """
        waiting = self._store.query(_WAITING, {"target": self._target, "most": _MOST})
        refused: list[str] = []
        for letter in waiting.to_pylist():
            place = (letter["topic"], str(letter["partition"]), str(letter["record_offset"]))
            self._producer.produce(
                self._target,
                letter["raw"],
                ":".join(place).encode(),
                headers=[
                    ("dqm-topic", place[0].encode()),
                    ("dqm-partition", place[1].encode()),
                    ("dqm-offset", place[2].encode()),
                    ("dqm-code", letter["code"].encode()),
                    ("dqm-reason", letter["reason"].encode()),
                ],
                on_delivery=lambda error, _: refused.append(str(error)) if error is not None else None,
            )
        left = self._producer.flush(_PATIENCE)
        if left or refused:
            raise SourceError(
                f"The broker did not take {left + len(refused)} dead letters for {self._target}"
                f"{': ' + refused[0] if refused else ''}. They wait.",
                "not_forwarded",
            )
        if waiting.num_rows:
            keys = waiting.select(["topic", "partition", "record_offset"])
            now = pa.repeat(pa.scalar(datetime.now(UTC), pa.timestamp("us", "UTC")), waiting.num_rows)
            with self._store.transaction() as tx:
                tx.upsert(LETTERS, keys.append_column("forwarded_at", now))
        return waiting.num_rows
