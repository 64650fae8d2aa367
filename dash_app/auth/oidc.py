"""Sign-in through an OpenID Connect provider: authorization code with PKCE, the identity token verified."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.accounts.user import Role
from dqm_assets.errors import SettingsError

#: Signatures that a provider may use; none of them is made with a secret that both sides know.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_TIMEOUT = 10.0
#: What the provider publishes about itself is read again after so many seconds.
_METADATA_SECONDS = 600.0
_CLOCK_SKEW = 60


@dataclass(frozen=True)
class Person:
    """Whom the provider vouches for."""

    name: str
    role: Role
    #: Issuer and subject: the only thing about a person that a provider never gives to another.
    subject: str


@dataclass(frozen=True)
class Begun:
    """A sign-in that has begun: where the browser goes, and what it must come back with."""

    url: str
    flow: dict[str, str]


class OidcProvider:
    """One provider, found by its issuer."""

    def __init__(self, settings: SignInSettings) -> None:
        """Use the provider that the settings name."""
        self._settings = settings
        self._issuer = str(settings.oidc_issuer).rstrip("/")
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._asking = asyncio.Lock()

    async def begin(self, redirect_uri: str, wanted: str) -> Begun:
        """Begin a sign-in.

        Args:
            redirect_uri: where the provider sends the browser afterwards.
            wanted: the page that the person wanted.

        Raises:
            SettingsError: the provider cannot be reached, or is not what it says.
        """
        metadata = await self._read_metadata()
        flow = {
            "state": generate_token(32),
            "nonce": generate_token(32),
            "verifier": generate_token(64),
            "redirect": redirect_uri,
            "next": wanted,
        }
        async with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=flow["state"],
                nonce=flow["nonce"],
                code_verifier=flow["verifier"],
            )
        return Begun(url, flow)

    async def finish(self, flow: Mapping[str, str], query: Mapping[str, str]) -> Person:
        """End a sign-in with what the browser brought back.

        Raises:
            SettingsError: it is not the sign-in that was begun, the provider refused, or its word does
                not hold.
        """
        if query.get("state", "") != flow["state"]:
            raise SettingsError("This is not the sign-in that this browser began; try again.")
        if "error" in query:
            raise SettingsError(
                f"The provider refused: {query.get('error_description') or query['error']}"[:300]
            )
        metadata = await self._read_metadata()
        try:
            async with self._client(flow["redirect"]) as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], code=query.get("code", ""), code_verifier=flow["verifier"]
                )
            keys = await _document(metadata["jwks_uri"])
            claims = self._verified(str(token.get("id_token", "")), keys, flow["nonce"])
        except (OAuthError, httpx.HTTPError) as error:
            raise SettingsError(f"The provider did not end the sign-in: {error}") from None
        except (JoseError, ValueError) as error:
            raise SettingsError(f"The provider's identity token does not hold: {error}") from None
        return self._person(claims)

    def _client(self, redirect_uri: str) -> AsyncOAuth2Client:
        secret = self._settings.oidc_client_secret
        return AsyncOAuth2Client(
            self._settings.oidc_client_id,
            secret.get_secret_value() if secret else None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope=" ".join(self._settings.oidc_scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
        )

    async def _read_metadata(self) -> dict[str, Any]:
        async with self._asking:
            if self._metadata is not None and time.monotonic() - self._metadata[0] < _METADATA_SECONDS:
                return self._metadata[1]
            url = f"{self._issuer}/.well-known/openid-configuration"
            try:
                found = await _document(url)
            except (httpx.HTTPError, ValueError) as error:
                raise SettingsError(f"The sign-in provider {self._issuer} does not answer: {error}") from None
            if str(found.get("issuer", "")).rstrip("/") != self._issuer:
                raise SettingsError(f"{url} says it is {found.get('issuer')!r}; set DQM_OIDC_ISSUER to that.")
            self._metadata = (time.monotonic(), found)
            return found

    def _verified(self, id_token: str, keys: Any, nonce: str) -> dict[str, Any]:
        claims = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            leeway=_CLOCK_SKEW,
            iss={"essential": True, "values": [self._issuer, f"{self._issuer}/"]},
            sub={"essential": True},
            aud={"essential": True, "value": str(self._settings.oidc_client_id)},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if several and claims.get("azp") != self._settings.oidc_client_id:
            raise ValueError("it was made for another client")
        return claims

    def _person(self, claims: Mapping[str, Any]) -> Person:
        name = str(claims.get(self._settings.oidc_name_claim) or claims.get("email") or claims["sub"]).strip()
        said = claims.get(self._settings.oidc_role_claim) or ()
        groups = {said} if isinstance(said, str) else {str(each) for each in said}
        role = self._settings.oidc_everybody
        if groups & set(self._settings.oidc_operators):
            role = "operator"
        if groups & set(self._settings.oidc_admins):
            role = "admin"
        if role is None:
            raise SettingsError(f"{name} is in no group that may sign in here; ask an admin.")
        return Person(name, role, f"{self._issuer}|{claims['sub']}")


async def _document(url: str) -> Any:
    async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
        return (await client.get(url)).raise_for_status().json()
