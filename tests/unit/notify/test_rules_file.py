"""notifications.yaml: what it may say, and how mistakes are reported."""

from datetime import timedelta
from pathlib import Path

import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.notify.rules_file import check_rules, load_rules
from dqm_assets.settings import Settings

GOOD = """\
version: 1
links:
  dashboard: https://dqm.example.com
channels:
  chat:
    url: ${CHAT_URL}
    retry: {first: 10s, longest: 5m, attempts: 4}
  mail:
    url: mailtos://dqm:${SMTP_PASSWORD}@smtp.example.com?to=team@example.com
routes:
  - name: urgent
    when: {severity: error, dataset: [orders*, detector], column: amount}
    to: [chat, mail]
    cooldown: 30m
    quiet: {from: "22:00", to: "07:00", time_zone: Europe/Berlin, pass: critical}
  - name: rest
    to: mail
    digest: {cron: "0 8 * * 1-5", time_zone: America/Sao_Paulo}
"""
ENVIRONMENT = {"CHAT_URL": "json://localhost:9/hook", "SMTP_PASSWORD": "hush"}


def write(folder: Path, text: str) -> Path:
    path = folder / "notifications.yaml"
    path.write_text(text)
    return path


def test_a_right_file_becomes_rules_with_its_references_filled_in(tmp_path: Path) -> None:
    checked = check_rules(write(tmp_path, GOOD), ENVIRONMENT)
    assert checked.problems == ()
    assert checked.rules is not None
    chat, mail = checked.rules.channels["chat"], checked.rules.channels["mail"]
    assert (chat.url, chat.kind, chat.retry.first) == (
        ENVIRONMENT["CHAT_URL"],
        "webhook",
        timedelta(seconds=10),
    )
    assert "hush" in mail.url
    assert "hush" not in repr(checked.rules)
    assert mail.kind == "mail"
    urgent, rest = checked.rules.routes
    assert urgent.when.column == ("amount",)
    assert urgent.cooldown == timedelta(minutes=30)
    assert rest.to == ("mail",)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("severity: error", "severity: grave", 12, "input should be 'info'"),
        ("cooldown: 30m", "cooldown: half an hour", 14, "a number with s, m, h or d"),
        ("cooldown: 30m", "cool_down: 30m", 14, "'cool_down' is not known"),
        ("to: [chat, mail]", "to: [chat, maill]", 13, "no channel 'maill'; did you mean 'mail'?"),
        ("to: [chat, mail]", "to: []", 13, "at least 1"),
        ("Europe/Berlin", "Europe/Atlantis", 15, "no such time zone"),
        ('to: "07:00"', 'to: "22:00"', 15, "these hours never end"),
        ('from: "22:00"', "from: 22", 15, "no time of a day; write it as 22:00"),
        ("0 8 * * 1-5", "0 8 * *", 18, "not a cron expression"),
        ("name: rest", "name: urgent", 16, "two routes are called 'urgent'"),
        ("${CHAT_URL}", "${CHAT_UR}", 6, "CHAT_UR} is not set"),
        ("${CHAT_URL}", "telegraph://pole", 6, "does not understand"),
        ("${SMTP_PASSWORD}", "hush", 9, "holds a secret"),
        ("version: 1", "version: 2", 1, "input should be 1"),
        ("  - name: rest", "  - name: [", 18, "broken YAML"),
    ],
)
def test_a_mistake_is_reported_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    checked = check_rules(path, ENVIRONMENT)
    assert checked.rules is None
    told = [str(problem) for problem in checked.problems]
    assert any(one.startswith(f"{path}:{line}:") and said in one for one in told), told
    assert not any("hush" in one for one in told)


def test_urls_of_the_environment_get_everything_beside_the_routes_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    settings = Settings(
        home=tmp_path, notify_urls="json://localhost:9/a,b?c=1, mailto://u:p@example.com\njson://localhost/z"
    )
    alone = load_rules(settings)
    assert [channel.url for channel in alone.channels.values()] == [
        "json://localhost:9/a,b?c=1",
        "mailto://u:p@example.com",
        "json://localhost/z",
    ]
    assert alone.routes[0].to == tuple(alone.channels)
    write(tmp_path, GOOD)
    both = load_rules(settings)
    assert set(both.channels) == {"chat", "mail", *alone.channels}
    assert [route.name for route in both.routes] == ["urgent", "rest", "DQM_NOTIFY_URLS"]


def test_without_file_and_urls_nobody_is_told(tmp_path: Path) -> None:
    assert load_rules(Settings(home=tmp_path, contracts=tmp_path / "contracts")).routes == ()


def test_a_broken_file_is_one_error_that_names_every_line(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    with pytest.raises(SettingsError, match=r"yaml:6:.*CHAT_URL[^$]*\n[^$]*yaml:9:.*SMTP_PASSWORD"):
        load_rules(Settings(home=tmp_path, notifications=path))


def test_a_wrong_url_of_the_environment_is_named_without_being_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="URL 2") as caught:
        load_rules(Settings(home=tmp_path, notify_urls="json://localhost/,telegraph://hush"))
    assert "hush" not in str(caught.value)
