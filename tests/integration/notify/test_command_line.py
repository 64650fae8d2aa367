"""``dqm notify``, run as people run it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dqm_assets.cli.notify import app
from dqm_assets.settings import Settings
from dqm_assets.settings import settings as read_settings
from dqm_assets.store import Store
from tests.integration.notify.receivers import Webhook
from tests.integration.notify.telling import tell
from tests.unit.notify.making import at, happened


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings of this process are those of the test's store."""
    monkeypatch.setenv("DQM_HOME", str(settings.home))
    monkeypatch.setenv("DQM_POSTGRES_URL", str(settings.postgres_url))
    monkeypatch.setenv("DQM_CONTRACTS", str(settings.home / "contracts"))
    read_settings.cache_clear()
    yield settings
    read_settings.cache_clear()


def run(*arguments: str) -> tuple[int, dict]:
    result: Result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def write_rules(home: Settings, text: str) -> Path:
    path = home.home / "notifications.yaml"
    path.write_text(text)
    return path


def test_a_channel_is_tested_alerts_are_drained_and_listed(
    home: Settings, store: Store, webhook: Webhook
) -> None:
    route = "{name: all, to: hook}"
    write_rules(home, f"channels: {{hook: {{url: '{webhook.url}'}}}}\nroutes: [{route}]\n")
    code, tested = run("test")
    assert code == 0
    assert [(each["channel"], each["taken"]) for each in tested["channels"]] == [("hook", True)]
    assert webhook.posts[0].body["dqm"]["kind"] == "test"

    tell(store, [happened("opened")])
    code, drained = run("drain")
    assert (code, drained["sent"], drained["failed"]) == (0, 1, 0)
    code, listed = run("list", "--status", "sent")
    assert code == 0
    assert listed["queue"]["sent"] == 1
    [row] = listed["notifications"]
    assert (row["channel"], row["event"], row["title"]) == ("hook", "opened", "18 % of amount is missing")

    webhook.status = 500
    assert run("test")[0] == 1
    tell(store, [happened("reopened", when=at(30))])
    assert run("drain")[0] == 1


def test_lint_prints_each_mistake_with_its_line(home: Settings, store: Store) -> None:
    path = write_rules(home, "channels: {}\nroutes:\n  - name: r\n    to: nowhere\n    colldown: 3m\n")
    code, told = run("lint")
    assert code == 1
    assert [(problem["line"], problem["message"]) for problem in told["problems"]] == [
        (5, "the key 'colldown' is not known here")
    ]
    path.write_text("channels: {}\nroutes:\n  - name: r\n    to: nowhere\n")
    assert [problem["line"] for problem in run("lint")[1]["problems"]] == [4]
    path.unlink()
    assert run("lint") == (0, {"file": None, "problems": []})
