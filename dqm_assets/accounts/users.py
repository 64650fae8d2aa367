"""Users in the store: added, changed and found; each change with its line in the audit table."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dqm_assets.accounts.audit import AuditEntry, entry
from dqm_assets.accounts.passwords import hash_password
from dqm_assets.accounts.user import ROLES, Role, Source, User
from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.rows import append_rows, upsert_rows
from dqm_assets.store import Store, Transaction

USERS = "monitoring.users"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")


@dataclass(frozen=True)
class Account:
    """A line of ``monitoring.users``.

    Attributes:
        subject: who it is at the OpenID Connect provider: issuer and subject; empty for others.
        generation: grows when all sessions of the user end.
    """

    name: str
    role: Role
    source: Source
    subject: str
    password_hash: str | None
    active: bool
    generation: int
    created_at: datetime
    changed_at: datetime

    @property
    def user(self) -> User:
        """As the user who acts."""
        return User(self.name, self.role, self.source)


def find_account(store: Store, name: str) -> Account | None:
    """The account of that name."""
    return _first(store.rows("SELECT * FROM monitoring.users WHERE name = ?", [name]))


def list_accounts(store: Store) -> list[Account]:
    """All accounts, by name."""
    return [Account(**row) for row in store.rows("SELECT * FROM monitoring.users ORDER BY name")]


def add_local_user(store: Store, name: str, role: str, password: str, *, actor: str) -> Account:
    """Add a user who signs in with a password.

    Raises:
        SettingsError: the name is taken or cannot be one, or the password or role is none.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name for a user: letters, digits and . _ @ + -, at most 128.")
    hashed, now = hash_password(password), datetime.now(UTC)
    account = Account(name, checked_role(role), "local", "", hashed, True, 1, now, now)
    with store.transaction(USERS) as tx:
        if _in(tx, name) is not None:
            raise SettingsError(f"There is a user {name!r} already; `dqm users list` shows all.")
        _write(tx, account, entry(actor, "user.added", name, details={"role": role}))
    return account


def set_role(store: Store, name: str, role: str, *, actor: str) -> Account:
    """Change what a user may do; it holds from the next request on.

    Raises:
        SettingsError: no such user or role.
    """
    return _change(store, name, actor, "user.role", {"role": checked_role(role)})


def set_password(store: Store, name: str, password: str, *, actor: str) -> Account:
    """Change a password and end all sessions of the user.

    Raises:
        SettingsError: no such user, the password cannot be one, or the user signs in elsewhere.
    """
    hashed = hash_password(password)
    found = find_account(store, name)
    if found is not None and found.source != "local":
        raise SettingsError(f"{name} signs in by {found.source}; the password is kept there.")
    return _change(store, name, actor, "user.password", {"password_hash": hashed}, end_sessions=True)


def set_active(store: Store, name: str, active: bool, *, actor: str) -> Account:
    """Let a user in, or keep them out from the next request on.

    Raises:
        SettingsError: no such user.
    """
    action = "user.activated" if active else "user.deactivated"
    return _change(store, name, actor, action, {"active": active}, end_sessions=not active)


def end_sessions(store: Store, name: str, *, actor: str) -> Account:
    """Sign a user out everywhere.

    Raises:
        SettingsError: no such user.
    """
    return _change(store, name, actor, "user.sessions_ended", {}, end_sessions=True)


def remember_oidc_user(store: Store, name: str, role: Role, subject: str) -> Account:
    """Make or bring up to date the account of someone whom the OpenID Connect provider vouches for.

    Raises:
        SettingsError: the name belongs to someone else, or the user was deactivated.
    """
    now = datetime.now(UTC)
    with store.transaction(USERS) as tx:
        found = _in(tx, name)
        if found is None:
            account = Account(name, role, "oidc", subject, None, True, 1, now, now)
            _write(tx, account, entry(name, "user.added", name, details={"role": role, "source": "oidc"}))
            return account
        if found.source != "oidc" or found.subject != subject:
            raise SettingsError(f"The name {name!r} belongs to another user here; ask an admin.")
        if not found.active:
            raise SettingsError(f"The user {name!r} is deactivated; ask an admin.")
        if found.role == role:
            return found
        account = replace(found, role=role, changed_at=now)
        _write(tx, account, entry(name, "user.role", name, details={"role": role, "source": "oidc"}))
    return account


def checked_role(role: str) -> Role:
    """The role of that name.

    Raises:
        SettingsError: there is none.
    """
    for known in ROLES:
        if known == role:
            return known
    raise SettingsError(f"There is no role {role!r}; {', '.join(ROLES)} are.")


def _change(
    store: Store,
    name: str,
    actor: str,
    action: str,
    changes: dict[str, Any],
    *,
    end_sessions: bool = False,
) -> Account:
    with store.transaction(USERS) as tx:
        found = _in(tx, name)
        if found is None:
            raise SettingsError(f"There is no user {name!r}; `dqm users list` shows all.")
        generation = found.generation + int(end_sessions)
        account = replace(found, **changes, generation=generation, changed_at=datetime.now(UTC))
        told = {key: value for key, value in changes.items() if key != "password_hash"}
        _write(tx, account, entry(actor, action, name, details=told))
    return account


def _in(tx: Transaction, name: str) -> Account | None:
    return _first(tx.query("SELECT * FROM monitoring.users WHERE name = ?", [name]).to_pylist())


def _first(rows: list[dict[str, Any]]) -> Account | None:
    return Account(**rows[0]) if rows else None


def _write(tx: Transaction, account: Account, line: AuditEntry) -> None:
    upsert_rows(tx, USERS, [account])
    append_rows(tx, "monitoring.audit", [line])
