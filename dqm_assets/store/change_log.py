"""Which tables changed between two versions of the store, as the catalog itself lists it."""

import re
import threading
from collections.abc import Collection
from dataclasses import dataclass

import psycopg

from dqm_assets.store.postgres import connect

#: Changes of a snapshot that leave every row as it was.
_HARMLESS = frozenset(
    {"compacted_table", "flushed_inlined", "inline_flush", "merge_adjacent", "rewrite_delete"}
)
#: Changes of a snapshot that add or take rows of one table, named by its number.
_OF_ROWS = frozenset({"inserted_into_table", "deleted_from_table", "inlined_insert", "inlined_delete"})
_NUMBERED = re.compile(r"([a-z_]+):(\d+)")

_NEWEST = "SELECT max(snapshot_id) FROM ducklake_snapshot"
_CHANGES = """
SELECT changes_made, commit_extra_info FROM ducklake_snapshot_changes
WHERE snapshot_id > %s AND snapshot_id <= %s
"""
_NAMES = """
SELECT table_id, schema_name || '.' || table_name
FROM ducklake_table AS t JOIN ducklake_schema AS s USING (schema_id)
WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """The store's version, and the tables whose rows changed on the way to it; ``None``: any may have."""

    version: int
    tables: frozenset[str] | None


class ChangeLog:
    """Asks PostgreSQL for the catalog's own list of changes, over one connection that it keeps."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection | None = None
        self._names: dict[int, str] = {}
        self._guard = threading.Lock()

    def since(self, version: int | None, without: Collection[str] = ()) -> Changes:
        """Tell the version of now, and what changed after ``version``, but for the commits of some marks.

        Raises:
            psycopg.Error | StoreError: PostgreSQL does not answer.
        """
        with self._guard:
            try:
                return self._since(version, without)
            except psycopg.Error:
                self._drop()
                raise

    def close(self) -> None:
        """Close the connection; the next question opens one again."""
        with self._guard:
            self._drop()

    def _since(self, version: int | None, without: Collection[str]) -> Changes:
        if self._connection is None:
            self._connection = connect(self._url)
        found = self._connection.execute(_NEWEST).fetchone()
        newest = int(found[0]) if found and found[0] is not None else 0
        if version == newest:
            return Changes(newest, frozenset())
        if version is None or version > newest:
            return Changes(newest, None)
        lines = self._connection.execute(_CHANGES, [version, newest]).fetchall()
        if len(lines) != newest - version:  # some have expired meanwhile
            return Changes(newest, None)
        changes = ",".join(made or "" for made, mark in lines if mark not in without)
        return Changes(newest, self._tables(self._connection, changes))

    def _tables(self, connection: psycopg.Connection, changes: str) -> frozenset[str] | None:
        numbers = set()
        for change in filter(None, changes.split(",")):
            numbered = _NUMBERED.fullmatch(change)
            kind = numbered[1] if numbered else ""
            if numbered and kind in _OF_ROWS:
                numbers.add(int(numbered[2]))
            elif kind not in _HARMLESS:
                return None
        if not numbers <= self._names.keys():
            self._names = dict(connection.execute(_NAMES).fetchall())
        if not numbers <= self._names.keys():
            return None
        return frozenset(self._names[number] for number in numbers)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
