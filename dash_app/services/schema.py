"""Schema history: the columns of the newest batch, and when they changed."""

from dataclasses import dataclass
from datetime import datetime

from dash_app.services.rows import as_json, as_text, as_utc
from dqm_assets.store import Store

#: The newest schema, and every batch whose columns differ from those of the batch before.
HISTORY = """
SELECT run_id, ts, columns, changes
FROM (
    SELECT *, row_number() OVER (ORDER BY ts DESC, run_id DESC) AS place,
        row_number() OVER (ORDER BY ts, run_id) AS age
    FROM monitoring.schema_history WHERE dataset = $dataset
)
WHERE place = 1 OR age = 1 OR json_array_length(changes) > 0
ORDER BY ts DESC, run_id DESC
LIMIT $limit
"""


@dataclass(frozen=True, slots=True)
class SchemaColumn:
    """A column as a batch brought it."""

    name: str
    type: str
    #: Name as written in the file.
    written: str


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What became of a column."""

    kind: str
    column: str
    message: str
    breaking: bool


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """The columns of a batch, and how they differ from those of the batch before."""

    run_id: str
    ts: datetime | None
    columns: tuple[SchemaColumn, ...]
    changes: tuple[SchemaChange, ...]


def schema_versions(store: Store, dataset: str, limit: int = 50) -> tuple[SchemaVersion, ...]:
    """Read the newest schema, every change before it, and the first; newest first."""
    return tuple(
        SchemaVersion(
            run_id=row["run_id"],
            ts=as_utc(row["ts"]),
            columns=tuple(
                SchemaColumn(each["name"], as_text(each.get("type")), as_text(each.get("written")))
                for each in as_json(row["columns"]) or ()
            ),
            changes=tuple(
                SchemaChange(
                    as_text(each.get("kind")),
                    as_text(each.get("column")),
                    as_text(each.get("detail")),
                    bool(each.get("breaking")),
                )
                for each in as_json(row["changes"]) or ()
            ),
        )
        for row in store.rows(HISTORY, {"dataset": dataset, "limit": limit})
    )
