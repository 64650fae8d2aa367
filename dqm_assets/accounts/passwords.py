"""Passwords: argon2id, with the library's parameters, and the same time for users that do not exist."""

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dqm_assets.errors import SettingsError

SHORTEST, LONGEST = 10, 256

_HASHER = PasswordHasher()
#: Each hash takes 64 MiB while it is made: a flood of sign-ins must not take all memory.
CHECKS_AT_ONCE = 2
_AT_ONCE = threading.BoundedSemaphore(CHECKS_AT_ONCE)


def hash_password(password: str) -> str:
    """Hash a new password.

    Raises:
        SettingsError: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise SettingsError(
            f"A password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}."
        )
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; without a hash it never is, and that takes as long to say."""
    if len(password) > LONGEST:
        return False
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash or _nobodys(), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than new ones are."""
    return _HASHER.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")
