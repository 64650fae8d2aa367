"""The session cookie: who signed in and when, signed, out of reach for scripts and other sites."""

import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer

from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.errors import SettingsError

KEY_FILE = "session.key"
_COOKIE, _SECURE_COOKIE = "dqm_session", "__Host-dqm_session"
_FLOW_COOKIE = "dqm_sign_in"
_FLOW_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the cookie says: a name and the generation of its sessions."""

    name: str
    generation: int


class SessionCookies:
    """Writes and reads the cookies of one server."""

    def __init__(self, key: str, hours: float) -> None:
        """Sign with ``key``; sessions last ``hours``."""
        self._sessions = URLSafeTimedSerializer(key, salt="dqm.session")
        self._flows = URLSafeTimedSerializer(key, salt="dqm.sign-in")
        self._seconds = int(hours * 3600)

    @property
    def lifetime(self) -> timedelta:
        """How long a session lasts at most."""
        return timedelta(seconds=self._seconds)

    def issue(self, ticket: Ticket, *, secure: bool) -> str:
        """The ``Set-Cookie`` of a new session."""
        # The random part tells this session from others of the same second.
        value = self._sessions.dumps([ticket.name, ticket.generation, secrets.token_urlsafe(6)])
        return _set(_SECURE_COOKIE if secure else _COOKIE, value, self._seconds, secure=secure)

    def clear(self, *, secure: bool) -> str:
        """The ``Set-Cookie`` that ends a session in the browser."""
        return _set(_SECURE_COOKIE if secure else _COOKIE, "", 0, secure=secure)

    def signed(self, header: str, *, secure: bool) -> str:
        """What is signed in the session of a ``Cookie`` header: it tells this session from all others."""
        # One signature can be spelled in several ways; what is signed cannot.
        return _get(header, _SECURE_COOKIE if secure else _COOKIE).rpartition(".")[0]

    def read(self, header: str, *, secure: bool) -> Ticket | None:
        """The session in a ``Cookie`` header; ``None`` when there is none, or it is forged or too old."""
        value = _get(header, _SECURE_COOKIE if secure else _COOKIE)
        try:
            name, generation, _ = self._sessions.loads(value, max_age=self._seconds)
        except (BadSignature, ValueError, TypeError):
            return None
        return Ticket(name, generation)

    def issue_flow(self, state: dict[str, str], *, secure: bool) -> str:
        """The ``Set-Cookie`` that holds what a sign-in at another site must come back with."""
        return _set(_FLOW_COOKIE, self._flows.dumps(state), _FLOW_SECONDS, secure=secure)

    def clear_flow(self, *, secure: bool) -> str:
        """The ``Set-Cookie`` that forgets it."""
        return _set(_FLOW_COOKIE, "", 0, secure=secure)

    def read_flow(self, header: str) -> dict[str, str] | None:
        """What `issue_flow` wrote; ``None`` when it is missing, forged or too old."""
        try:
            return self._flows.loads(_get(header, _FLOW_COOKIE), max_age=_FLOW_SECONDS)
        except BadSignature:
            return None


def session_key(settings: SignInSettings, home: Path) -> str:
    """The key that sessions are signed with: the setting, or a file in the home, made when it is missing.

    Raises:
        SettingsError: the file cannot be made or read.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = home / KEY_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{KEY_FILE}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)  # fails when another process was faster: its key counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        return path.read_text()
    except OSError as error:
        raise SettingsError(f"{path} cannot be used ({error}); set DQM_SECRET_KEY instead.") from None


def _set(name: str, value: str, seconds: int, *, secure: bool) -> str:
    # Lax, not Strict: who comes back from a sign-in at another site must be recognised.
    parts = [f"{name}={value}", "Path=/", f"Max-Age={seconds}", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, "Secure"] if secure else parts)


def _get(header: str, name: str) -> str:
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""
