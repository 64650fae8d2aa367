"""Who looks and what they may do: `current_user`, `require` in callbacks, `needs` in routes, `audit`."""

from dash_app.auth.session import audit, current_user, is_known, needs, require
from dqm_assets.accounts.user import ROLES, ForbiddenError, Role, User

__all__ = ["ROLES", "ForbiddenError", "Role", "User", "audit", "current_user", "is_known", "needs", "require"]
