"""Windows as this process counted them: what the judge need not read while nobody else counts."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from dqm_assets.store import Store

WINDOWS = "metrics.stream_windows"
#: Windows that begin so long after somebody else's last commit have no rows of theirs, however clocks differ.
_APART = timedelta(seconds=30)
#: Rows of windows that ended longer ago are read from the store again.
_KEPT = timedelta(minutes=10)


class CountedWindows:
    """Rows of windows that this process committed, whole as long as it is the only one that commits any.

    Whether it is, the store's list of changes says. May be told from several threads.

    Args:
        store: The open store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._rows: dict[datetime, list[dict[str, Any]]] = {}
        self._fresh: set[datetime] = set()
        self._marks: set[str] = set()
        self._version: int | None = None
        #: Whether somebody else committed rows since the last call of `touched`.
        self._others = True
        #: All rows of windows from here on are here; ``None``: that is not known of any.
        self._whole_from: datetime | None = None

    def take(self, rows: pa.Table, mark: str | None) -> None:
        """Take rows that were committed, and the mark of their commit."""
        with self._guard:
            if mark is not None:
                self._marks.add(mark)
            for row in rows.to_pylist():
                self._rows.setdefault(row["window_start"], []).append(row)
                self._fresh.add(row["window_start"])

    def refresh(self) -> None:
        """Look whether others have committed rows, too.

        Raises:
            StoreError: PostgreSQL does not answer.
        """
        with self._guard:
            known = set(self._marks)
            changes = self._store.changes(self._version, known)
            self._version = changes.version
            self._marks -= known
            now = datetime.now(UTC)
            if changes.tables is None or WINDOWS in changes.tables:
                self._whole_from, self._others = now + _APART, True
            if self._whole_from is not None:
                self._whole_from = max(self._whole_from, now - _KEPT)
            self._rows = {start: rows for start, rows in self._rows.items() if start >= now - _KEPT}

    def touched(self) -> dict[datetime, int] | None:
        """Which windows got rows since the last call, and how many they have; ``None``: here are not all."""
        with self._guard:
            fresh, self._fresh = self._fresh, set()
            others, self._others = self._others, False
            if others or self._whole_from is None or any(start < self._whole_from for start in fresh):
                return None
            return {start: len(self._rows[start]) for start in fresh}

    def doubt(self) -> None:
        """Take it that others have committed rows: what they are could not be read."""
        with self._guard:
            self._others = True

    def of(self, starts: Sequence[datetime]) -> list[dict[str, Any]] | None:
        """All rows of these windows; ``None`` when they are not all here."""
        with self._guard:
            if self._whole_from is None or any(start < self._whole_from for start in starts):
                return None
            return [row for start in starts for row in self._rows.get(start, ())]
