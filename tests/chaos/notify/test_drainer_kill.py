"""Drainers that are killed: nothing is lost, and what is sent again says that it is the same."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from dqm_assets.notify.drain import drain
from dqm_assets.store import Store
from tests.integration.notify.receivers import Webhook
from tests.integration.notify.telling import rules, statuses, tell
from tests.unit.notify.making import alert, happened

pytestmark = pytest.mark.chaos

ALERTS, KILLS = 40, 5

DRAINER = """
import sys
from pathlib import Path
from dqm_assets.notify.drain import drain
from dqm_assets.settings import Settings
from dqm_assets.store import open_store
from tests.integration.notify.telling import rules

store = open_store(Settings(home=Path(sys.argv[1]), postgres_url=sys.argv[2]))
print("open", flush=True)
while True:
    drain(store, rules(sys.argv[3]))
"""


def drainer(store: Store, webhook: Webhook) -> subprocess.Popen[str]:
    where = store.settings
    command = [sys.executable, "-c", DRAINER, str(where.home), str(where.postgres_url), webhook.url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def let_leases_run_out(store: Store) -> None:
    with store.transaction() as tx:
        rows = store.query(
            "SELECT notification_id, leased_until - INTERVAL 1 HOUR AS leased_until "
            "FROM monitoring.notifications WHERE leased_until IS NOT NULL"
        )
        tx.upsert("monitoring.notifications", rows)


def wait_for(webhook: Webhook, posts: int) -> None:
    deadline = time.monotonic() + 60
    while len(webhook.posts) < posts:
        assert time.monotonic() < deadline, "the drainer sent nothing"
        time.sleep(0.01)


def test_a_drainer_killed_between_sending_and_noting_it_sends_again_with_the_same_key(store: Store) -> None:
    tell(store, [happened("opened")])
    with Webhook().serving() as webhook:
        webhook.gate.clear()
        with drainer(store, webhook) as process:
            wait_for(webhook, 1)
            kill(process)
        webhook.gate.set()
        assert statuses(store) == {"waiting": 1}
        # Another one leaves it alone for as long as the dead one could still be at it.
        assert drain(store, rules(webhook.url)).sent == 0
        let_leases_run_out(store)
        assert drain(store, rules(webhook.url)).sent == 1
        assert drain(store, rules(webhook.url)).sent == 0
        first, again = webhook.posts
    assert first.delivery == again.delivery
    assert first.body["dqm"] == again.body["dqm"]
    assert statuses(store) == {"sent": 1}


def test_kills_at_any_moment_lose_nothing_and_repeat_only_what_was_under_way(store: Store) -> None:
    chance = random.Random(11)
    tell(store, [happened("opened", alert(metric=f"m{number}")) for number in range(ALERTS)])
    with Webhook().serving() as webhook:
        for _ in range(KILLS):
            before = len(webhook.posts)
            with drainer(store, webhook) as process:
                assert process.stdout is not None
                process.stdout.readline()
                wait_for(webhook, min(before + 1, ALERTS))
                time.sleep(chance.uniform(0.0, 0.3))
                kill(process)
            let_leases_run_out(store)
        drain(store, rules(webhook.url), seconds=300)
        sent = Counter(told["notification_id"] for post in webhook.posts for told in post.told)
        keys = {post.delivery for post in webhook.posts}
    assert statuses(store) == {"sent": ALERTS}
    assert len(sent) == len(keys) == ALERTS
    # One channel is told one message after the other: a kill catches at most one of them.
    assert sum(sent.values()) <= ALERTS + KILLS
