"""Contracts written in a test, compiled as a file would be."""

import textwrap
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from dqm_assets.quality.contracts import ClauseResult, Contract
from dqm_assets.quality.contracts.document import parse_document
from dqm_assets.quality.contracts.load import compile_document
from dqm_assets.quality.contracts.problem import Problem

HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: test\nversion: 1.0.0\n"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def compile_text(text: str) -> tuple[list[Contract], list[Problem]]:
    return compile_document(parse_document(HEAD + textwrap.dedent(text), "made.odcs.yaml"))


def contract(text: str) -> Contract:
    contracts, problems = compile_text(text)
    assert not problems, problems
    return contracts[0]


def one_column(logical_type: str, body: str) -> Contract:
    """A contract of one column `c` with the given lines under it."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    head = "schema:\n  - name: t\n    properties:\n      - name: c\n"
    return contract(f"{head}        logicalType: {logical_type}\n{lines}\n")


def in_database(table: pa.Table) -> duckdb.DuckDBPyRelation:
    """The same rows as a relation, as the store gives them."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection.from_arrow(table)


def verdicts(judged: Contract, table: pa.Table | duckdb.DuckDBPyRelation) -> dict[str, ClauseResult]:
    return {result.clause.id: result for result in judged.check(table, now=NOW)}
