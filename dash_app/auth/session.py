"""The user behind the request or socket being answered, wherever in the program one asks."""

import asyncio
import getpass
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from dqm_assets.accounts.audit import entry, write_audit
from dqm_assets.accounts.user import ForbiddenError, Role, User
from dqm_assets.store import Store


@dataclass(slots=True)
class Session:
    """What is known of who asks; of a live socket it is brought up to date while the socket lives."""

    store: Store
    user: User


_SESSION: ContextVar[Session | None] = ContextVar("dqm_session", default=None)
#: A path or a thread that lost its session must not be taken for the person at the machine, who may do all.
_NOBODY = User("nobody", "viewer", "machine")


def begin(session: Session) -> None:
    """Make a session that of the request or socket which this context answers."""
    _SESSION.set(session)


def machine_user() -> User:
    """Who runs the dashboard on this machine: without sign-in everybody is, and may do everything."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        name = "machine"
    return User(name, "admin", "machine")


def current_user() -> User:
    """The user behind the present request or callback; outside of any, nobody, who may only look."""
    session = _SESSION.get()
    return session.user if session is not None else _NOBODY


def is_known() -> bool:
    """Whether anybody is known to ask; on the paths that are open to all it is nobody."""
    return _SESSION.get() is not None


def require(role: Role) -> User:
    """Let only users with this role, or one that may more, go on; for callbacks and services.

    Returns:
        The user, whose name belongs into the history.

    Raises:
        ForbiddenError: the user may not.
    """
    user = current_user()
    if not user.may(role):
        raise ForbiddenError(f"{user.name} is {user.role}, and this takes {role}. An admin can change that.")
    return user


def needs(role: Role) -> Callable[[], Coroutine[Any, Any, User]]:
    """Make a dependency that does as `require`, for routes: ``Depends(needs("operator"))``."""

    async def dependency() -> User:
        return require(role)

    return dependency


async def audit(action: str, target: str, reason: str = "", details: Mapping[str, Any] | None = None) -> None:
    """Write down that the present user did something.

    Args:
        action: what, as ``noun.verb``, such as ``store.maintained``.
        target: to what.
        reason: why, in the user's words.
        details: anything else; never a password or a token.

    Raises:
        StoreError: it cannot be written.
    """
    session = _SESSION.get()
    if session is None:
        raise ForbiddenError("Nothing can be audited outside of a request.")
    line = entry(session.user.name, action, target, reason, details)
    await asyncio.to_thread(write_audit, session.store, [line])
