"""How people sign in: environment variables beside those of `dqm_assets.settings`."""

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dqm_assets.accounts.user import Role

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _words(value: Any) -> Any:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    return tuple(ipaddress.ip_network(word) for word in _words(value))


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]


class SignInSettings(BaseSettings):
    """Settings of sign-in, each from the environment variable ``DQM_<NAME>``; lists by blank or comma."""

    model_config = SettingsConfigDict(env_prefix="DQM_", env_ignore_empty=True, frozen=True, extra="ignore")

    #: Whether people sign in: ``auto`` is on as soon as other machines can reach the server.
    auth: Literal["auto", "on", "off"] = "auto"
    #: What sessions are signed with; several servers need the same. ``None`` is a file in the home.
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    #: Hours after which one signs in again.
    session_hours: float = Field(default=12.0, gt=0.0, le=24.0 * 30)
    #: Names under which the server may be asked for, beside its own address.
    allowed_hosts: Words = ()
    #: Whether Prometheus may read ``/metrics`` without a token where people sign in.
    open_metrics: bool = False

    #: Addresses and networks of proxies whose headers are believed.
    proxy_trusted: Networks = ()
    #: Headers of the proxy that name the user, and one of the three roles; without role a viewer.
    proxy_user_header: str = "X-Forwarded-User"
    proxy_role_header: str = "X-Forwarded-Role"

    #: Address of the OpenID Connect provider, as in its own ``issuer``; ``None`` for none.
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: Words = ("openid", "profile", "email")
    #: Claim that names the person, and the one that lists what decides the role.
    oidc_name_claim: str = "preferred_username"
    oidc_role_claim: str = "groups"
    oidc_admins: Words = ()
    oidc_operators: Words = ()
    #: Role of everybody else; ``None`` lets nobody else in.
    oidc_everybody: Role | None = "viewer"

    @model_validator(mode="after")
    def _whole(self) -> "SignInSettings":
        if self.oidc_issuer is not None and self.oidc_client_id is None:
            raise ValueError("DQM_OIDC_ISSUER needs DQM_OIDC_CLIENT_ID beside it")
        return self
