"""Quiet hours, digests and routes as a team sets them up, over a weekend of a simulated clock."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import Message
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

from dqm_assets.notify.drain import drain
from dqm_assets.notify.outbox import Transition
from dqm_assets.notify.rules import Rules
from dqm_assets.notify.rules_file import check_rules
from dqm_assets.quality.alert import Alert, EventName, Severity
from dqm_assets.store import Store
from tests.integration.notify.receivers import Webhook
from tests.integration.notify.telling import tell
from tests.unit.notify.making import alert, happened

BERLIN = ZoneInfo("Europe/Berlin")
#: As in the documentation; the times are written without quotes, as people do.
FILE = """
version: 1
channels:
  oncall: {url: "${ONCALL_URL}"}
  team-mail: {url: "${MAIL_URL}"}
routes:
  - name: urgent
    when: {severity: error}
    to: oncall
    quiet:
      - {from: 22:00, to: 07:00, time_zone: Europe/Berlin, pass: critical}
      - {from: 00:00, to: 00:00, days: [sat, sun], time_zone: Europe/Berlin, pass: critical}
  - name: everything, in the morning
    to: team-mail
    digest: {cron: "0 8 * * 1-5", time_zone: Europe/Berlin}
"""


def berlin(text: str) -> datetime:
    """A time on a clock in Berlin, where summer time begins on 29 March 2026."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def about(metric: str, severity: Severity) -> Alert:
    return alert(metric=metric, severity=severity)


class Weekend:
    """A store, its rules, and a clock that is set by hand."""

    def __init__(self, store: Store, rules: Rules, webhook: Webhook, mails: Sequence[Message]) -> None:
        self._store, self._rules, self._webhook, self._mails = store, rules, webhook, mails
        self._heard = self._read = 0

    def happens(self, when: str, event: EventName, of: Alert) -> None:
        """An alert's transition, put into the outbox at that time and not looked at yet."""
        tell(self._store, [self._transition(when, event, of)])
        with self._store.transaction() as tx:
            new = self._store.query(
                "SELECT alert_id, event_id, $at AS created_at FROM monitoring.outbox WHERE routed_at IS NULL "
                "AND event = $event AND alert_id = $alert",
                {"at": berlin(when), "event": event, "alert": of.alert_id},
            )
            tx.upsert("monitoring.outbox", new)

    def _transition(self, when: str, event: EventName, of: Alert) -> Transition:
        return happened(event, of, when=berlin(when))

    def at(self, when: str) -> list[list[str]]:
        """Drain at that time; what the messages tell that the webhook got since the last time."""
        now = berlin(when)
        drain(self._store, self._rules, clock=lambda: now)
        posts, self._heard = self._webhook.posts[self._heard :], len(self._webhook.posts)
        return [[f"{one['event']} {one['alert']['metric']}" for one in post.told] for post in posts]

    def mailed(self) -> list[str]:
        """Subjects of the mails since the last time."""
        mails, self._read = self._mails[self._read :], len(self._mails)
        return [str(default.header_factory("subject", mail["subject"])) for mail in mails]


def test_a_weekend_of_a_team_with_quiet_hours_and_a_digest(
    store: Store, webhook: Webhook, mail: tuple[str, list[Message]], tmp_path: Path
) -> None:
    file = tmp_path / "notifications.yaml"
    file.write_text(FILE)
    checked = check_rules(file, {"ONCALL_URL": webhook.url, "MAIL_URL": mail[0]})
    assert checked.rules is not None, checked.problems
    team = Weekend(store, checked.rules, webhook, mail[1])

    # Friday evening: before the hours, and within them.
    team.happens("2026-03-27 21:30", "opened", about("a", "error"))
    assert team.at("2026-03-27 21:30") == [["opened a"]]
    team.happens("2026-03-27 22:30", "opened", about("b", "error"))
    team.happens("2026-03-27 22:31", "opened", about("w", "warning"))
    assert team.at("2026-03-27 22:31") == []

    # Past midnight: what is critical wakes somebody, and what was held back of it comes before the news.
    team.happens("2026-03-28 03:00", "opened", about("c", "critical"))
    assert team.at("2026-03-28 03:00") == [["opened c"]]
    team.happens("2026-03-28 03:10", "escalated", about("b", "critical"))
    assert team.at("2026-03-28 03:10") == [["opened b"], ["escalated b"]]

    # The weekend is quiet whole, over the change of the clock, up to the end of Monday's night.
    team.happens("2026-03-28 12:00", "opened", about("d", "error"))
    team.happens("2026-03-29 23:30", "resolved", about("a", "error"))
    assert team.at("2026-03-29 12:00") == team.at("2026-03-30 06:59") == []
    assert team.at("2026-03-30 07:00") == [["opened d", "resolved a"]]

    # The digest of the morning has the whole weekend, once, and nothing came by mail before.
    assert team.mailed() == []
    assert team.at("2026-03-30 08:00") == []
    assert team.mailed() == ["dqm digest: 7 changes (2 critical, 3 error, 1 warning, 1 resolved)"]

    # What an outage of dqm left over night does not disturb when it is back.
    team.happens("2026-03-30 21:50", "opened", about("e", "error"))
    assert team.at("2026-03-31 02:00") == []
    assert team.at("2026-03-31 07:00") == [["opened e"]]
    assert team.at("2026-03-31 08:00") == []
    assert team.mailed() == ["dqm digest: 1 change (1 error)"]


def test_a_message_that_was_refused_before_the_hours_is_not_tried_again_within_them(
    store: Store, webhook: Webhook, mail: tuple[str, list[Message]], tmp_path: Path
) -> None:
    file = tmp_path / "notifications.yaml"
    file.write_text(FILE)
    rules = check_rules(file, {"ONCALL_URL": webhook.url, "MAIL_URL": mail[0]}).rules
    assert rules is not None
    team = Weekend(store, rules, webhook, mail[1])
    webhook.status = 503
    team.happens("2026-03-30 21:57", "opened", about("a", "error"))
    team.happens("2026-03-30 21:58", "opened", about("b", "error"))
    assert team.at("2026-03-30 21:58") == [["opened a"]], "after one failure the channel is left alone"
    webhook.status = 200
    assert team.at("2026-03-30 23:30") == team.at("2026-03-31 03:00") == []
    [tried] = store.rows("SELECT attempts, last_error FROM monitoring.notifications WHERE attempts > 0")
    assert tried["attempts"] == 1
    assert "quiet hours until 2026-03-31T05:00+00:00; before:" in tried["last_error"]

    # What became critical wakes somebody, and tells first what was held back of it.
    team.happens("2026-03-31 03:10", "escalated", about("a", "critical"))
    assert team.at("2026-03-31 03:10") == [["opened a"], ["escalated a"]]
    assert team.at("2026-03-31 06:59") == []
    assert team.at("2026-03-31 07:00") == [["opened b"]]
    assert team.at("2026-03-31 07:01") == []
