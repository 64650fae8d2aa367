"""The audit table: who did what to what, when, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dqm_assets.pipeline.rows import append_rows, as_json
from dqm_assets.store import Store

AUDIT = "monitoring.audit"


@dataclass(frozen=True)
class AuditEntry:
    """A line of ``monitoring.audit``."""

    ts: datetime
    actor: str
    action: str
    target: str
    reason: str
    details: str


def entry(
    actor: str, action: str, target: str, reason: str = "", details: Mapping[str, Any] | None = None
) -> AuditEntry:
    """Make a line, dated now.

    Args:
        actor: name of who did it.
        action: what, as ``noun.verb``, such as ``user.added``.
        target: to what.
        reason: why.
        details: anything else; never a password or a token.
    """
    return AuditEntry(datetime.now(UTC), actor, action, target, reason, as_json(dict(details or {})))


def write_audit(store: Store, entries: Sequence[AuditEntry]) -> None:
    """Write lines in a transaction of their own."""
    with store.transaction() as tx:
        append_rows(tx, AUDIT, entries)
