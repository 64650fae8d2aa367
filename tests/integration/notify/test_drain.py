"""From the outbox to receivers: once each, in order, through failures, by any number of drainers."""

import threading
from datetime import UTC, datetime, timedelta
from email.message import Message

import pytest

from dqm_assets.notify import deliveries
from dqm_assets.notify.drain import Drained, drain
from dqm_assets.notify.fan_out import route_outbox
from dqm_assets.notify.listing import queue, revive
from dqm_assets.quality.alert import EventName
from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from tests.integration.notify.receivers import Webhook
from tests.integration.notify.telling import rules, statuses, tell
from tests.unit.notify.making import alert, at, happened


def test_each_transition_is_told_once_in_order_however_often_it_is_enqueued_and_drained(
    store: Store, webhook: Webhook
) -> None:
    made = rules(webhook.url)
    story = [
        happened("opened"),
        happened("escalated", when=at(1), severity="error"),
        happened("resolved", when=at(2)),
    ]
    assert drain(store, made) == Drained()
    for _ in range(2):
        tell(store, story)
        drain(store, made)
    assert [post.events for post in webhook.posts] == [["opened"], ["escalated"], ["resolved"]]
    assert len({post.delivery for post in webhook.posts}) == 3
    assert statuses(store) == {"sent": 3}
    assert webhook.posts[0].body["title"] == "▲ warning: 18 % of amount is missing"


def test_alerts_of_one_cause_are_one_message_and_others_are_not(store: Store, webhook: Webhook) -> None:
    columns = [alert(column_name=f"c{number}", group_key="cause") for number in range(30)]
    tell(store, [*(happened("opened", each) for each in columns), happened("opened", alert(dataset="other"))])
    assert drain(store, rules(webhook.url)).sent == 2
    assert sorted(len(post.told) for post in webhook.posts) == [1, 30]


def test_a_dead_webhook_loses_nothing_and_gets_the_same_deliveries_when_it_is_back(store: Store) -> None:
    webhook = Webhook()
    with webhook.serving():
        webhook.status = 503
        made = rules(webhook.url)
        tell(store, [happened("opened"), happened("opened", alert(metric="mean"))])
        first = drain(store, made)
        # After the first failure the channel is left alone until the next draining.
        assert (first.sent, first.failed, len(webhook.posts)) == (0, 1, 1)
    assert drain(store, made).failed == 1
    [row] = store.rows("SELECT max(last_error) AS said FROM monitoring.notifications")
    assert "onnection" in row["said"]
    assert statuses(store) == {"waiting": 2}
    webhook.status = 200
    with webhook.serving(webhook.port):
        assert drain(store, made).sent == 2
    assert statuses(store) == {"sent": 2}
    refused, *taken = webhook.posts
    assert refused.delivery in {post.delivery for post in taken}
    assert len({post.delivery for post in taken}) == 2


def test_the_end_waits_until_the_beginning_was_taken(store: Store, webhook: Webhook) -> None:
    webhook.status = 500
    slow = rules(webhook.url, retry={"first": "1h", "longest": "1h"})
    tell(store, [happened("opened")])
    assert drain(store, slow).failed == 1
    tell(store, [happened("resolved", when=at(9))])
    webhook.status = 200
    assert drain(store, slow).sent == 0
    with store.transaction() as tx:
        now = "SELECT notification_id, now() AS due_at FROM monitoring.notifications"
        tx.upsert("monitoring.notifications", store.query(now))
    drain(store, slow)
    assert [post.events for post in webhook.posts] == [["opened"], ["opened"], ["resolved"]]


def test_who_was_told_of_the_beginning_is_told_of_the_end_whatever_was_held_back_meanwhile(
    store: Store, webhook: Webhook
) -> None:
    made = rules(webhook.url, cooldown="1h", events=["opened", "updated", "resolved"])
    for step in (happened("opened"), happened("updated", when=at(1)), happened("resolved", when=at(2))):
        tell(store, [step])
        drain(store, made)
    assert [post.events for post in webhook.posts] == [["opened"], ["resolved"]]
    assert statuses(store) == {"sent": 2, "dropped": 1}


def test_a_message_that_cannot_be_written_fails_and_stops_no_other_channel(
    store: Store, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such field")

    tell(store, [happened("opened")])
    with monkeypatch.context() as patch:
        patch.setattr("dqm_assets.notify.drain.message_of", broken)
        assert drain(store, rules(webhook.url)).failed == 1
    [row] = store.rows("SELECT attempts, last_error FROM monitoring.notifications")
    assert (row["attempts"], "ValueError: no such field" in row["last_error"]) == (1, True)
    assert drain(store, rules(webhook.url)).sent == 1


@pytest.mark.parametrize(
    ("state", "taken", "told"),
    [
        ("opened", True, []),
        ("acknowledged", True, []),
        ("muted", True, [["opened"]]),
        ("opened", False, [["opened"]]),
    ],
)
def test_what_follows_is_told_when_its_cause_is_muted_or_no_service_took_it(
    store: Store, webhook: Webhook, state: EventName, taken: bool, told: list[list[str]]
) -> None:
    made = rules(webhook.url, retry={"first": "0s", "longest": "0s", "attempts": 1})
    cause = alert(dataset="orders")
    webhook.status = 200 if taken else 400
    tell(store, [happened("opened", cause)])
    drain(store, made)
    tell(store, [happened(state, cause)])
    drain(store, made)
    assert statuses(store) == {"sent" if taken else "dead": 1}
    webhook.status = 200
    webhook.posts.clear()
    tell(
        store, [happened("opened", alert(dataset="mart", group_key=cause.alert_id, caused_by=cause.alert_id))]
    )
    drain(store, made)
    assert [post.events for post in webhook.posts] == told


@pytest.mark.parametrize("lost", ["dead", "muted", "sent"])
def test_what_was_not_told_for_the_sake_of_its_cause_is_told_when_that_never_is(
    store: Store, webhook: Webhook, lost: str
) -> None:
    made = rules(webhook.url, retry={"first": "0s", "longest": "0s", "attempts": 2})
    cause = alert(dataset="orders")
    webhook.status = 200 if lost == "sent" else 400
    tell(store, [happened("opened", cause)])
    if lost != "muted":
        drain(store, made)
    follows = {
        name: alert(dataset=name, group_key=cause.alert_id, caused_by=cause.alert_id)
        for name in ("mart", "over")
    }
    tell(store, [happened("opened", each) for each in follows.values()])
    if lost == "muted":
        # Planned to be told, and muted before it was.
        route_outbox(store, made, datetime.now(UTC))
        assert statuses(store) == {"dropped": 2, "waiting": 1}
        tell(store, [happened("muted", cause)])
    tell(store, [happened("resolved", follows["over"])])
    drain(store, made)
    webhook.status = 200
    webhook.posts.clear()
    drain(store, made)
    drain(store, made)
    told = [(one["event"], one["alert"]["dataset"]) for post in webhook.posts for one in post.told]
    assert told == ([] if lost == "sent" else [("opened", "mart")])


def test_what_is_refused_too_often_is_dead_until_it_is_revived(store: Store, webhook: Webhook) -> None:
    webhook.status = 400
    made = rules(webhook.url, retry={"first": "0s", "longest": "0s", "attempts": 3})
    tell(store, [happened("opened")])
    assert [drain(store, made).dead for _ in range(4)] == [0, 0, 1, 0]
    assert statuses(store) == {"dead": 1}
    assert queue(store).dead == 1
    webhook.status = 200
    assert revive(store, ["elsewhere"]) == 0
    assert revive(store) == 1
    assert drain(store, made).sent == 1
    assert len({post.delivery for post in webhook.posts}) == 1


def test_two_drainers_at_once_send_each_delivery_once(
    store: Store, settings: Settings, webhook: Webhook
) -> None:
    tell(store, [happened("opened", alert(metric=f"m{number}")) for number in range(40)])
    made = rules(webhook.url)
    with open_store(settings) as other:
        threads = [threading.Thread(target=drain, args=(one, made)) for one in (store, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(webhook.posts) == 40
    assert len({post.delivery for post in webhook.posts}) == 40
    assert statuses(store) == {"sent": 40}


def test_a_lease_that_has_run_out_is_taken_over_with_the_same_delivery(
    store: Store, webhook: Webhook
) -> None:
    made = rules(webhook.url)
    tell(store, [happened("opened")])
    now = datetime.now(UTC)
    route_outbox(store, made, now)
    [lost] = deliveries.lease(store, "lost", now, limit=9)
    assert drain(store, made).sent == 0
    later = now + deliveries.LEASE + timedelta(seconds=1)
    [taken] = deliveries.lease(store, "heir", later, limit=9)
    assert taken.delivery_id == lost.delivery_id
    # The first one comes back and says it failed: that is no longer its business.
    made_retry = made.channels["hook"].retry
    deliveries.mark_failed(store, lost, later, drainer="lost", error="late", retry=made_retry)
    assert store.rows("SELECT leased_by, attempts FROM monitoring.notifications") == [
        {"leased_by": "heir", "attempts": 0}
    ]


def test_a_digest_is_one_message_when_its_time_has_come(store: Store, webhook: Webhook) -> None:
    made = rules(webhook.url, digest={"every": "365d"})
    tell(store, [happened("opened", alert(metric=f"m{number}")) for number in range(5)])
    tell(store, [happened("resolved", alert(metric="m1"), at(3))])
    assert drain(store, made).routed == 6
    assert webhook.posts == []
    with store.transaction() as tx:
        now = "SELECT notification_id, now() AS due_at FROM monitoring.notifications"
        tx.upsert("monitoring.notifications", store.query(now))
    drain(store, made)
    [post] = webhook.posts
    assert post.body["dqm"]["kind"] == "digest"
    assert sorted(post.events) == ["opened"] * 5 + ["resolved"]


def test_what_waits_for_the_end_of_quiet_hours_is_dropped_when_its_alert_is_muted(
    store: Store, webhook: Webhook
) -> None:
    always = {"from": "00:00", "to": "23:59:59.999999"}
    made = rules(webhook.url, quiet=always)
    tell(store, [happened("opened"), happened("opened", alert(metric="mean", severity="critical"))])
    drain(store, made)
    assert [post.told[0]["alert"]["severity"] for post in webhook.posts] == ["critical"]
    tell(store, [happened("muted", when=at(5))])
    with store.transaction() as tx:
        now = "SELECT notification_id, now() AS due_at FROM monitoring.notifications"
        tx.upsert("monitoring.notifications", store.query(now))
    drain(store, made)
    assert len(webhook.posts) == 1
    assert statuses(store) == {"sent": 1, "dropped": 1}


def test_a_mail_has_the_alert_as_html_and_as_text(store: Store, mail: tuple[str, list[Message]]) -> None:
    url, mails = mail
    tell(store, [happened("opened", alert(owner="Müller & Søn"))])
    assert drain(store, rules(url)).sent == 1
    [sent] = mails
    parts = {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in sent.walk()
        if not part.is_multipart()
    }
    assert set(parts) == {"text/plain", "text/html"}
    assert "Müller &amp; Søn" in parts["text/html"]
    assert "owner: Müller & Søn" in parts["text/plain"]
    assert "/alerts?status=all&amp;alert=" in parts["text/html"]
    assert sent["X-DQM-Delivery"]
    assert sent["To"] == "team@example.com"


def test_a_chat_gets_markdown(store: Store, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rules(webhook.url)
    chat = made.channels["hook"].model_copy(update={"template": "chat"})
    tell(store, [happened("opened")])
    drain(store, made.model_copy(update={"channels": {"hook": chat}}))
    assert "- **dataset**: example\\_orders" in webhook.posts[0].body["message"]


def test_a_channel_that_is_gone_fails_by_name(store: Store, webhook: Webhook) -> None:
    made = rules(webhook.url)
    tell(store, [happened("opened")])
    route_outbox(store, made, datetime.now(UTC))
    assert drain(store, made.model_copy(update={"channels": {}})).failed == 1
    [row] = store.rows("SELECT last_error FROM monitoring.notifications")
    assert "no channel 'hook'" in row["last_error"]
