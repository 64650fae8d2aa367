"""A user and the three roles, each of which may do all that the one before may."""

from dataclasses import dataclass
from typing import Literal

from dqm_assets.errors import DqmError

Role = Literal["viewer", "operator", "admin"]
#: From what may do least to what may do most.
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")
#: How a user is known: without sign-in, by password, by API token, by a trusted proxy, by OpenID Connect.
Source = Literal["machine", "local", "token", "proxy", "oidc"]


class ForbiddenError(DqmError):
    """The user's role does not allow it."""


@dataclass(frozen=True, slots=True)
class User:
    """Who acts; ``name`` goes into histories and the audit table."""

    name: str
    role: Role
    source: Source

    def may(self, role: Role) -> bool:
        """Whether the user has this role, or one that may more."""
        return ROLES.index(self.role) >= ROLES.index(role)
