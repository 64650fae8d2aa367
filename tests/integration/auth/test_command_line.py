"""``dqm users`` and ``dqm tokens``, run as people run them."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from dqm_assets.accounts.passwords import verify_password
from dqm_assets.accounts.tokens import split_token, tokens_by_id
from dqm_assets.accounts.users import find_account
from dqm_assets.cli.users import tokens, users
from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings
from dqm_assets.settings import settings as read_settings
from dqm_assets.store import Store


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings of this process are those of the test's store."""
    monkeypatch.setenv("DQM_HOME", str(settings.home))
    monkeypatch.setenv("DQM_POSTGRES_URL", str(settings.postgres_url))
    read_settings.cache_clear()
    yield settings
    read_settings.cache_clear()


def run(*arguments: str, given: str | None = None, group: object = users) -> Result:
    result = CliRunner().invoke(group, list(arguments), input=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_a_user_is_added_changed_and_kept_out_and_each_step_is_audited(home: Settings, store: Store) -> None:
    run("add", "ana", "--role", "operator", "--password-stdin", given="a long password\n")
    account = find_account(store, "ana")
    assert account is not None
    assert verify_password(account.password_hash, "a long password")
    run("role", "ana", "admin")
    run("password", "ana", "--password-stdin", given="another password\n")
    run("deactivate", "ana")
    [listed] = json.loads(run("list", "--json").stdout)["users"]
    assert (listed["role"], listed["active"]) == ("admin", False)
    run("activate", "ana")
    run("sign-out", "ana")
    changed = find_account(store, "ana")
    assert changed is not None
    assert changed.generation == account.generation + 3
    rows = store.rows("SELECT action, details FROM monitoring.audit ORDER BY ts")
    assert [row["action"].removeprefix("user.") for row in rows] == [
        "added",
        "role",
        "password",
        "deactivated",
        "activated",
        "sessions_ended",
    ]
    assert "password" not in str([row["details"] for row in rows])


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("add", "ana", "--password-stdin"), "short\n", "10 to 256 characters"),
        (("add", "a b", "--password-stdin"), "long enough\n", "no name for a user"),
        (("add", "ana", "--role", "king", "--password-stdin"), "long enough\n", "no role 'king'"),
        (("role", "nobody", "admin"), None, "no user 'nobody'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    home: Settings, store: Store, arguments: tuple[str, ...], given: str | None, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        run(*arguments, given=given)
    assert store.rows("FROM monitoring.users") == []


def test_a_token_is_shown_once_and_kept_as_a_hash(home: Settings, store: Store) -> None:
    added = json.loads(run("add", "ci", "--role", "operator", "--days", "3", "--json", group=tokens).stdout)
    parts = split_token(added["token"])
    assert parts is not None
    token = tokens_by_id(store).get(parts[0])
    assert token is not None
    assert parts[1] not in str(token)
    [listed] = json.loads(run("list", "--json", group=tokens).stdout)["tokens"]
    assert (listed["name"], listed["usable"]) == ("ci", True)
    run("revoke", parts[0], group=tokens)
    assert not json.loads(run("list", "--json", group=tokens).stdout)["tokens"][0]["usable"]
