"""SQL rules of a contract, run where they can only read the rows they judge."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import duckdb

from dqm_assets.errors import ContractError
from dqm_assets.quality.contracts.rows import Rows, as_relation
from dqm_assets.quality.contracts.sql_text import identifier, text

#: Seconds and memory that a rule may take.
TIMEOUT_SECONDS, MEMORY = 60.0, "1GB"
_PLACEHOLDER = re.compile(r"\$?\{\s*(\w+)\s*\}")
#: Table functions that read nothing from outside.
_HARMLESS = frozenset({"unnest", "range", "generate_series", "repeat"})


def query_value(
    sql: str,
    names: tuple[str, str],
    column: str,
    rows: duckdb.DuckDBPyRelation,
    references: Mapping[str, Rows],
    now: datetime,
) -> Any:
    """Run a SQL rule in a DuckDB of its own that knows only the rows and the referenced datasets.

    Args:
        sql: one SELECT with ``{object}``/``{property}`` (or ``${table}``/``${column}``) placeholders.
        names: of the dataset and of its table; both may stand in the query.
        column: column in the data that ``{property}`` stands for.
        rows: the rows to judge.
        references: other datasets by name.
        now: what ``now()`` and the like give is the clock's; ``{now}`` gives this time.

    Returns:
        The first value of the only row.

    Raises:
        ContractError: the query is not a single SELECT, reads anything else, fails, or takes too long.
    """
    query = fill(sql, names[0], column, now)
    tables: dict[str, Any] = {**dict.fromkeys(names, rows), **references}
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": MEMORY,
        }
    )
    try:
        refuse_unsafe(connection, query, tables)
        for name, data in tables.items():
            if _mentions(query, name):
                connection.register(name, _projected(as_relation(data), query))
        connection.execute(
            "SET TimeZone = 'UTC'; SET enable_external_access = false; SET lock_configuration = true"
        )
        return _first_value(connection, query)
    except duckdb.Error as error:
        raise ContractError(f"the query fails: {str(error).splitlines()[0]}") from None
    finally:
        connection.close()


def fill(sql: str, dataset: str, column: str, now: datetime) -> str:
    """Replace the placeholders; every name is quoted.

    Raises:
        ContractError: a placeholder that has no meaning here.
    """
    known = {"object": identifier(dataset), "table": identifier(dataset), "schema": identifier(dataset)}
    known |= {"now": f"TIMESTAMPTZ {text(now.isoformat())}"}
    known |= {"property": identifier(column), "column": identifier(column)} if column else {}

    def replace(match: re.Match[str]) -> str:
        if match[1].casefold() not in known:
            raise ContractError(
                f"the placeholder {match[0]} has no meaning here; known are {', '.join(known)}"
            )
        return known[match[1].casefold()]

    return _PLACEHOLDER.sub(replace, sql)


def refuse_unsafe(connection: duckdb.DuckDBPyConnection, query: str, tables: Mapping[str, Any]) -> None:
    """Refuse anything but one SELECT over the known tables.

    Raises:
        ContractError: says which part is not allowed.
    """
    row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchone()
    tree: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if tree.get("error"):
        raise ContractError(
            f"the query is not one SELECT: {tree.get('error_message', 'it cannot be parsed')}"
        )
    if len(tree["statements"]) != 1:
        raise ContractError("the query holds several statements; keep one SELECT")
    known = {name.casefold() for name in tables}
    nodes = list(_nodes(tree))
    known |= {str(entry["key"]).casefold() for node in nodes for entry in _ctes(node)}
    for node in nodes:
        if node.get("type") == "BASE_TABLE" and str(node["table_name"]).casefold() not in known:
            raise ContractError(
                f"the query reads {node['table_name']!r}, which is not at hand ({', '.join(tables)})"
            )
        if node.get("type") == "TABLE_FUNCTION":
            called = str(node["function"]["function_name"])
            if called.casefold() not in _HARMLESS:
                raise ContractError(f"the query calls the table function {called!r}, which is not allowed")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for part in tree.values():
            yield from _nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _ctes(node: dict[str, Any]) -> list[dict[str, Any]]:
    ctes = node.get("cte_map")
    return ctes.get("map", []) if isinstance(ctes, dict) else []


def _mentions(query: str, name: str) -> bool:
    return name.casefold() in query.casefold()


def _projected(rows: duckdb.DuckDBPyRelation, query: str) -> Any:
    """Take only the columns that the query can mean; all of them when it selects a star."""
    star = re.search(r"\*(?!\s*\))", re.sub(r"/\*.*?\*/", "", query, flags=re.DOTALL))
    wanted = [name for name in rows.columns if star or _mentions(query, name)] or rows.columns[:1]
    return rows.project(", ".join(identifier(name) for name in wanted)).to_arrow_table()


def _first_value(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    timer = threading.Timer(TIMEOUT_SECONDS, connection.interrupt)
    timer.start()
    try:
        rows = connection.execute(query).fetchmany(2)
    except duckdb.InterruptException:
        raise ContractError(f"the query takes more than {TIMEOUT_SECONDS:g} s") from None
    finally:
        timer.cancel()
    if len(rows) != 1:
        raise ContractError(f"the query gives {'several rows' if rows else 'no row'}; select one value")
    return rows[0][0]
