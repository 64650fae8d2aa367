"""An incident under kill -9: one alert, and one notification for each thing that happened to it."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dqm_assets.pipeline.observe import observe
from dqm_assets.settings import Settings
from dqm_assets.store import Store
from tests.chaos.watched_incident import WATCH, points

#: The full size is 1,000.
EVALUATIONS = int(os.environ.get("DQM_CHAOS_EVALUATIONS", "12"))
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300 + 10 * EVALUATIONS)]
#: Points between two kills, on average.
_SPAN = 10 if EVALUATIONS < 100 else 40
_ALERT = """
    SELECT severity, status, title, opened_ts, last_ts, resolved_ts, first_batch, last_batch, evaluations,
           value, expected, lower, upper, score, owner
    FROM monitoring.alerts WHERE dataset = ?
"""
_EVENTS = """
    SELECT e.event, e.ts, count(*) AS times FROM monitoring.alert_events AS e
    JOIN monitoring.alerts AS a USING (alert_id) WHERE a.dataset = ? GROUP BY ALL ORDER BY e.ts, e.event
"""
_NOTIFICATIONS = """
    SELECT o.event, o.ts, count(*) AS times FROM monitoring.outbox AS o
    JOIN monitoring.alerts AS a USING (alert_id) WHERE a.dataset = ? GROUP BY ALL ORDER BY o.ts, o.event
"""


def test_an_incident_under_random_kills_is_one_alert_and_one_notification_per_transition(
    store: Store, settings: Settings
) -> None:
    kills = _observe_under_kills(settings, random.Random(7))
    # Seen with -s: a run without kills would prove nothing.
    print(f"{EVALUATIONS} evaluations, {kills} kills")
    assert kills > 0
    # The same without any kill, all points at once.
    observe(store, "calm", points(EVALUATIONS), [WATCH], owner="ops")
    [live], [calm] = store.rows(_ALERT, ["live"]), store.rows(_ALERT, ["calm"])
    assert live.pop("title").replace("live", "calm") == calm.pop("title")
    assert live == calm
    assert (live["status"], live["evaluations"]) == ("resolved", EVALUATIONS)
    happened = store.rows(_EVENTS, ["live"])
    assert happened == store.rows(_EVENTS, ["calm"])
    assert all(row["times"] == 1 for row in happened)
    assert [row["event"] for row in happened].count("opened") == 1
    assert store.rows(_NOTIFICATIONS, ["live"]) == happened


def _observe_under_kills(settings: Settings, chance: random.Random) -> int:
    """Run the observer to its end, killing it now and then; it repeats the last points each time."""
    last, done, kills = len(points(EVALUATIONS)) - 1, -1, 0
    while done < last:
        arguments = [str(settings.home), str(settings.postgres_url), str(EVALUATIONS), str(max(0, done - 2))]
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.watched_incident", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert child.stdout is not None
        fatal = done + chance.randint(1, 2 * _SPAN)
        for line in child.stdout:
            done = int(line)
            if done >= fatal and done < last:
                time.sleep(chance.uniform(0, 0.3))
                child.kill()
                kills += 1
                break
        child.stdout.close()
        code = child.wait()
        assert code in {0, -9}, code
    return kills
