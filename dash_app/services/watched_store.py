"""The store as a read function gets it: it notes which tables are asked for."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from dqm_assets.store import Store

_TABLE = re.compile(r'\b"?(raw|metrics|monitoring)"?\.(?:"((?:[^"]|"")+)"|(\w+))')
#: What a statement may ask that no table's rows tell.
_CATALOG = ("ducklake_", "duckdb_", "information_schema", "pg_")

Parameters = Sequence[Any] | Mapping[str, Any] | None


class WatchedStore:
    """Passes everything on; ``tables`` are those read so far, ``None`` once that cannot be told."""

    def __init__(self, store: Store) -> None:
        """Watch ``store``."""
        self._store = store
        self._seen: set[str] = set()
        self._all = False

    @property
    def tables(self) -> frozenset[str] | None:
        """Names of the tables that the answer depends on; ``None``: perhaps on anything."""
        return None if self._all or not self._seen else frozenset(self._seen)

    def query(self, sql: str, params: Parameters = None, *, snapshot: int | None = None) -> pa.Table:
        """See `Store.query`."""
        self._note(sql)
        return self._store.query(sql, params, snapshot=snapshot)

    def rows(
        self, sql: str, params: Parameters = None, *, snapshot: int | None = None
    ) -> list[dict[str, Any]]:
        """See `Store.rows`."""
        self._note(sql)
        return self._store.rows(sql, params, snapshot=snapshot)

    def __getattr__(self, name: str) -> Any:
        """Pass on what else a store has; what it leads to is not seen."""
        self._all = self._all or name != "settings"
        return getattr(self._store, name)

    def _note(self, sql: str) -> None:
        named = _TABLE.findall(sql)
        found = {schema + "." + (quoted.replace('""', '"') or plain) for schema, quoted, plain in named}
        self._seen |= found
        self._all = self._all or not found or any(word in sql for word in _CATALOG)
