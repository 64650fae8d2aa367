"""API tokens: long random secrets, of which the store keeps only the hash."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from dqm_assets.accounts.audit import entry
from dqm_assets.accounts.user import Role, User
from dqm_assets.accounts.users import checked_role
from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.rows import append_rows, upsert_rows
from dqm_assets.store import Store

TOKENS = "monitoring.tokens"
_LONGEST_NAME = 128
_FORM = re.compile(r"dqm_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Token:
    """A line of ``monitoring.tokens``; ``secret_hash`` is the SHA-256 of 256 random bits."""

    token_id: str
    name: str
    role: Role
    secret_hash: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def usable(self, now: datetime) -> bool:
        """Whether it still lets in."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def add_token(
    store: Store, name: str, role: str, *, actor: str, lifetime: timedelta | None = None
) -> tuple[Token, str]:
    """Make a token for a program.

    Returns:
        The token as it is stored, and the text that the program sends, which nobody sees again.

    Raises:
        SettingsError: no such role, or no name.
    """
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise SettingsError("A token needs a name of at most 128 characters: which program uses it?")
    now = datetime.now(UTC)
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    expires = now + lifetime if lifetime else None
    token = Token(token_id, name, checked_role(role), _hashed(secret), actor, now, expires, None)
    line = entry(actor, "token.added", token_id, details={"name": name, "role": role, "expires": expires})
    with store.transaction() as tx:
        upsert_rows(tx, TOKENS, [token])
        append_rows(tx, "monitoring.audit", [line])
    return token, f"dqm_{token_id}_{secret}"


def list_tokens(store: Store) -> list[Token]:
    """All tokens, newest first."""
    return [Token(**row) for row in store.rows("SELECT * FROM monitoring.tokens ORDER BY created_at DESC")]


def revoke_token(store: Store, token_id: str, *, actor: str) -> Token:
    """End a token; it holds from the next request on.

    Raises:
        SettingsError: no such token.
    """
    now = datetime.now(UTC)
    with store.transaction(TOKENS) as tx:
        rows = tx.query("SELECT * FROM monitoring.tokens WHERE token_id = ?", [token_id]).to_pylist()
        if not rows:
            raise SettingsError(f"There is no token {token_id!r}; `dqm tokens list` shows all.")
        token = Token(**rows[0])
        if token.revoked_at is None:
            token = replace(token, revoked_at=now)
            upsert_rows(tx, TOKENS, [token])
            append_rows(tx, "monitoring.audit", [entry(actor, "token.revoked", token_id)])
    return token


def tokens_by_id(store: Store) -> dict[str, Token]:
    """All tokens by their ids."""
    return {token.token_id: token for token in list_tokens(store)}


def split_token(text: str) -> tuple[str, str] | None:
    """Id and secret of what a program sent; ``None`` when it is no token of ours."""
    found = _FORM.fullmatch(text)
    return (found[1], found[2]) if found else None


def user_of(token: Token | None, secret: str, now: datetime) -> User | None:
    """Who the token lets in as; ``None`` when it does not."""
    right = hmac.compare_digest(token.secret_hash if token else "", _hashed(secret))
    if token is None or not right or not token.usable(now):
        return None
    return User(f"token:{token.name}", token.role, "token")


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
