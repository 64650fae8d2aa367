"""The gate: who is behind a request, and whether the server may let in strangers at all."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import Headers

from dash_app.auth.cookies import SessionCookies
from dash_app.auth.origin import Origin
from dash_app.auth.session import machine_user
from dash_app.services.reads import Reads
from dqm_assets.accounts.sessions import ended_sessions, fingerprint
from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.accounts.tokens import split_token, tokens_by_id, user_of
from dqm_assets.accounts.user import User
from dqm_assets.accounts.users import checked_role, find_account, list_accounts
from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings
from dqm_assets.store import Store

_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and whether it is a program that showed a token, which no foreign page can make it do."""

    user: User
    by_token: bool = False


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def signs_in(settings: Settings, sign_in: SignInSettings) -> bool:
    """Whether people have to sign in.

    Raises:
        SettingsError: other machines could reach the server, and sign-in is switched off.
    """
    if sign_in.auth == "off" and not is_loopback(settings.host):
        raise SettingsError(
            f"DQM_HOST={settings.host} lets other machines in, and DQM_AUTH=off would let them do all. Use "
            "DQM_HOST=127.0.0.1, or leave DQM_AUTH out and add a user: dqm users add NAME --role admin."
        )
    return sign_in.auth == "on" or (sign_in.auth == "auto" and not is_loopback(settings.host))


def refuse_locked_doors(store: Store, settings: Settings, sign_in: SignInSettings) -> None:
    """Refuse to serve when people have to sign in and nobody can.

    Raises:
        SettingsError: there is no way to sign in.
    """
    if not signs_in(settings, sign_in) or sign_in.oidc_issuer is not None or sign_in.proxy_trusted:
        return
    if not any(account.active and account.source == "local" for account in list_accounts(store)):
        raise SettingsError(
            f"DQM_HOST={settings.host} needs sign-in, and nobody could sign in. Add a user: dqm users "
            "add NAME --role admin, or set DQM_OIDC_ISSUER or DQM_PROXY_TRUSTED (docs/security.md)."
        )


class Gate:
    """Finds out who asks, anew for every request; a change of user or token holds from the next one on."""

    def __init__(self, reads: Reads, sign_in: SignInSettings, cookies: SessionCookies, *, on: bool) -> None:
        """Look users up through ``reads``, which knows when the store has changed; ``on``: ask who it is."""
        self.reads = reads
        self.sign_in = sign_in
        self.cookies = cookies
        self.on = on

    async def identify(self, headers: Headers, origin: Origin) -> Identity | None:
        """Who asks; ``None`` for a stranger.

        Raises:
            StoreError: the store cannot be reached.
        """
        if not self.on:
            return Identity(machine_user())
        said = headers.get("authorization", "")
        if said[: len(_BEARER)].lower() == _BEARER:
            user = await self._by_token(said[len(_BEARER) :].strip())
            return Identity(user, by_token=True) if user is not None else None
        user = await self._by_proxy(headers) if origin.proxied else None
        user = user or await self._by_cookie(headers.get("cookie", ""), secure=origin.secure)
        return Identity(user) if user is not None else None

    async def _by_token(self, text: str) -> User | None:
        parts = split_token(text)
        if parts is None:
            return None
        # All at once: else a stranger's made-up ids would each cost a query and push out what pages need.
        known = await self.reads(tokens_by_id)
        return user_of(known.get(parts[0]), parts[1], datetime.now(UTC))

    async def _by_proxy(self, headers: Headers) -> User | None:
        name = headers.get(self.sign_in.proxy_user_header, "").strip()
        if not name:
            return None
        account = await self.reads(find_account, name)
        if account is not None and not account.active:
            return None
        try:
            role = checked_role(headers.get(self.sign_in.proxy_role_header, "viewer").strip().lower())
        except SettingsError:
            return None
        return User(name, role, "proxy")

    async def _by_cookie(self, header: str, *, secure: bool) -> User | None:
        ticket = self.cookies.read(header, secure=secure)
        if ticket is None:
            return None
        account = await self.reads(find_account, ticket.name)
        if account is None or not account.active or account.generation != ticket.generation:
            return None
        if fingerprint(self.cookies.signed(header, secure=secure)) in await self.reads(ended_sessions):
            return None
        return account.user
