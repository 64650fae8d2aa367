"""Messages: what they say, in each form."""

import json
import math
from dataclasses import replace

import pytest

from dqm_assets.notify.message import Addresses, Item, Kind, Message, message_of
from dqm_assets.quality.alert import Evidence
from tests.unit.notify.making import START, alert, at, happened

ADDRESSES = Addresses("https://dqm.example.com", "https://dagster.example.com")


def message(*items: Item, kind: Kind = "alert") -> Message:
    return message_of(kind, items, ADDRESSES, "d1")


def item(number: int = 1, **changes: object) -> Item:
    return Item(f"n{number}", happened("opened", alert(**changes)), "run-7")


def test_every_form_tells_what_is_wrong_since_when_whose_it_is_and_where_to_look() -> None:
    about = alert(owner="data team", dataset="orders", column_name="amount")
    made = message(Item("n1", happened("opened", about), "run-7"))
    for form in (made.text, made.markdown.replace("\\", ""), made.html):
        separator = "&amp;" if form is made.html else "&"
        for said in (
            "data team",
            "orders",
            "amount",
            "0.18",
            "0.01 (0 to 0.03)",
            "2026-03-02 11:00 UTC",
            "SP explains 83 % of the rise",
            f"https://dqm.example.com/alerts?status=all{separator}alert={about.alert_id}",
            "https://dagster.example.com/runs/run-7",
        ):
            assert said in form, (said, form)
    assert made.title == "▲ warning: 18 % of amount is missing"


def test_the_document_of_a_webhook_has_a_version_and_can_be_written_as_json() -> None:
    made = message(item(value=math.nan, upper=math.inf))
    document = json.loads(json.dumps(made.document, allow_nan=False))
    assert document["version"] == "dqm.notification/1"
    assert document["kind"] == "alert"
    [told] = document["notifications"]
    assert told["notification_id"] == "n1"
    assert told["event"] == "opened"
    assert told["alert"]["value"] is None
    assert told["alert"]["evidence"]["last_points"][1]["value"] == 0.18
    assert told["links"]["dagster_run"] == "https://dagster.example.com/runs/run-7"


@pytest.mark.parametrize(
    ("event", "severity", "title"),
    [
        ("opened", "critical", "✕ critical: 18 % of amount is missing"),
        ("reopened", "warning", "▲ warning: Again: 18 % of amount is missing"),
        ("escalated", "error", "✕ error: Escalated: 18 % of amount is missing"),
        ("resolved", "error", "✓ Resolved: 18 % of amount is missing"),
    ],
)
def test_the_title_says_what_happened(event: str, severity: str, title: str) -> None:
    assert message(Item("n", happened(event, alert(severity=severity)))).title == title


def test_a_group_is_titled_by_its_worst_and_says_how_many_more_there_are() -> None:
    made = message(
        item(1, metric="a"), item(2, metric="b", severity="error"), item(3, metric="c"), kind="group"
    )
    assert made.title == "✕ error: 18 % of amount is missing (and 2 more of the same cause)"
    assert made.tone == "error"
    assert len(made.document["notifications"]) == 3


def test_a_digest_counts_and_shows_at_most_twenty_while_its_document_has_all() -> None:
    items = [item(number, metric=f"m{number}") for number in range(24)]
    items.append(Item("r", happened("resolved", when=at(1))))
    made = message(*items, kind="digest")
    assert made.title == "dqm digest: 25 changes (24 warning, 1 resolved)"
    assert made.text.count("alert: https://") == 20
    assert "And 5 more" in made.text
    assert len(made.document["notifications"]) == 25


def test_what_data_says_is_neither_markup_nor_a_header() -> None:
    evil = "<script>x</script> *_[a](http://b)_*"
    evidence = Evidence(START, explanation=evil)
    hostile = replace(alert(evidence=evidence), title=f"{evil}\r\nBcc: all@example.com")
    made = message(Item("n", happened("opened", hostile)))
    assert "<script>" not in made.html
    assert "[a](http://b)" not in made.markdown
    assert "\n" not in made.title
    assert "\r" not in made.title
