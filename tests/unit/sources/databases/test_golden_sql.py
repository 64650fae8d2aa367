"""The SQL that each engine is sent, kept as files: those that cannot run here are read by people instead.

``DQM_WRITE_GOLDEN=1`` writes them anew.
"""

import os
from pathlib import Path
from typing import get_args

import ibis
import ibis.expr.datatypes as dt
import pytest

from dqm_assets.sources.databases.engine import compiled, unbound
from dqm_assets.sources.databases.plan import aggregate_plan, stream_query
from dqm_assets.sources.databases.source import SourceType, WatchedTable
from tests.integration.databases.shop import START

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = ibis.schema(
    {
        "id": "int64",
        "at": dt.Timestamp(timezone="UTC"),
        "amount": dt.Decimal(12, 2),
        "weight": "float64",
        "name": "string",
        "paid": "boolean",
        "day": "date",
        "op": "string",
    }
)
TABLES = {
    "batch": WatchedTable(table="shop.orders", freshness="at"),
    "cdc": WatchedTable.model_validate(
        {"table": "shop.orders", "kind": "cdc", "freshness": "at", "operation": {"column": "op"}}
    ),
    "sample": WatchedTable.model_validate(
        {"table": "shop.orders", "freshness": "day", "columns": ["name"], "sample": {"fraction": 0.1}}
    ),
}


def statements(kind: SourceType) -> str:
    """Every query of an engine, one after the other, laid out."""
    table = unbound("shop.orders", SCHEMA)
    queries = {name: aggregate_plan(table, each, START, kind).query for name, each in TABLES.items()}
    queries["stream"] = stream_query(table, TABLES["batch"], START)
    return "\n\n".join(f"-- {name}\n{compiled(query, kind, pretty=True)};" for name, query in queries.items())


@pytest.mark.parametrize("kind", [kind for kind in get_args(SourceType) if kind not in ("sqlite", "files")])
def test_an_engine_is_sent_the_sql_that_was_read(kind: SourceType) -> None:
    path = GOLDEN / f"{kind}.sql"
    if os.environ.get("DQM_WRITE_GOLDEN"):
        path.write_text(statements(kind) + "\n")
    assert statements(kind) + "\n" == path.read_text()
