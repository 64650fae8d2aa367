"""What was done by whom: the newest lines of the audit table."""

from dataclasses import dataclass
from datetime import datetime

from dqm_assets.store import Store


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One thing that someone did."""

    ts: datetime
    actor: str
    action: str
    target: str
    reason: str
    details: str


def audit_lines(store: Store, limit: int) -> tuple[AuditLine, ...]:
    """The newest lines, newest first."""
    rows = store.rows(
        "SELECT ts, actor, action, target, coalesce(reason, '') AS reason, "
        "coalesce(CAST(details AS VARCHAR), '') AS details "
        "FROM monitoring.audit ORDER BY ts DESC, actor, action, target LIMIT ?",
        [limit],
    )
    return tuple(AuditLine(**row) for row in rows)
