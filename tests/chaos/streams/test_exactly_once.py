"""Consumers are killed at every step of a write and at random: no record is lost, none is there twice."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dqm_assets.settings import Settings
from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.store import Store
from tests.integration.streams.conftest import broker, send

__all__ = ["broker"]

pytestmark = pytest.mark.chaos

ROOT = Path(__file__).parents[3]
STEPS = ("classify", "begin", "events", "dead_letters", "commit", "committed")
#: Random kills; a soak takes many.
KILLS = int(os.environ.get("DQM_STREAM_KILLS", "2"))

COUNTS = """
    SELECT count(*) AS records, count(DISTINCT (partition, record_offset)) AS distinct_records,
        count(*) FILTER (WHERE dead) AS dead
    FROM (SELECT partition, record_offset, false AS dead FROM raw.stream_events
        UNION ALL SELECT partition, record_offset, true FROM raw.dead_letters)
"""

Consumer = Callable[..., subprocess.Popen]


@pytest.fixture
def consumer(settings: Settings, store: Store, broker: DevelopmentBroker) -> Consumer:
    """Starts a consumer process."""

    def start(until: int, *options: str) -> subprocess.Popen:
        address = broker.address
        command = [sys.executable, "-m", "tests.chaos.streams.consumer", str(settings.home)]
        command += [
            str(settings.postgres_url),
            address.bootstrap,
            address.topic,
            "--until",
            str(until),
            *options,
        ]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    return start


def test_a_kill_at_any_step_of_a_write_loses_and_doubles_nothing(
    consumer: Consumer, store: Store, broker: DevelopmentBroker
) -> None:
    sent = poison = 0
    for seed, step in enumerate(STEPS):
        poison += sum(bool(one.poison) for one in send(broker, 400, seed=seed))
        sent += 400
        # At the second write: the first one must survive, this one must be whole or absent.
        assert consumer(sent, "--kill-at", step, "--times", "2").wait(150) == -9, step
    assert consumer(sent).wait(150) == 0

    assert store.rows(COUNTS) == [{"records": sent, "distinct_records": sent, "dead": poison}]


def test_random_kills_lose_and_double_nothing(
    consumer: Consumer, store: Store, broker: DevelopmentBroker
) -> None:
    seeded = random.Random(5)
    poison = sum(bool(one.poison) for one in send(broker, 4000))
    for _ in range(KILLS):
        running = consumer(4000)
        before = store.version()
        deadline = time.monotonic() + 60
        while store.version() == before and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(seeded.uniform(0, 0.3))  # the moment of the kill
        running.kill()
        running.wait(60)
    assert consumer(4000).wait(150) == 0

    assert store.rows(COUNTS) == [{"records": 4000, "distinct_records": 4000, "dead": poison}]


def test_the_same_kill_shows_when_offsets_are_stored_apart(
    consumer: Consumer, store: Store, broker: DevelopmentBroker
) -> None:
    send(broker, 400)
    assert consumer(400, "--leaky", "--kill-at", "between", "--times", "2").wait(150) == -9
    assert consumer(400, "--leaky").wait(150) == 0

    found = store.rows(COUNTS)[0]
    assert found["distinct_records"] == 400
    assert found["records"] > 400
