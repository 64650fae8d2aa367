"""Sessions that were signed out before their time, known to every server of the store."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.store import Store

ENDED = "monitoring.ended_sessions"


@dataclass(frozen=True)
class EndedSession:
    """A line of ``monitoring.ended_sessions``: a session, and when it would have ended anyway."""

    session: str
    ends_at: datetime


def fingerprint(signed: str) -> str:
    """Stand for what is signed in a session's cookie; the cookie cannot be made from it."""
    return hashlib.sha256(signed.encode()).hexdigest()


def end_session(store: Store, signed: str, ends_at: datetime) -> None:
    """End a session for good, and forget those whose time has come anyway."""
    with store.transaction(ENDED) as tx:
        upsert_rows(tx, ENDED, [EndedSession(fingerprint(signed), ends_at)])
        tx.delete(ENDED, "ends_at < ?", [datetime.now(UTC)])


def ended_sessions(store: Store) -> frozenset[str]:
    """Fingerprints of the sessions that were ended."""
    return frozenset(row["session"] for row in store.rows("SELECT session FROM monitoring.ended_sessions"))
