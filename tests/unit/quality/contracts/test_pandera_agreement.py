"""DuckDB, Arrow and Pandera must give the same verdict on the same data, clause by clause."""

import duckdb
import pandera.errors
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dqm_assets.quality.contracts import Contract
from tests.unit.quality.contracts.making import NOW, contract, verdicts

CONTRACT = contract("""
    schema:
      - name: t
        properties:
          - name: number
            logicalType: number
            logicalTypeOptions: {minimum: -1, exclusiveMaximum: 2, multipleOf: 0.25}
          - name: whole
            logicalType: integer
            required: true
            unique: true
            logicalTypeOptions: {exclusiveMinimum: -3, maximum: 3, format: i8}
          - name: word
            logicalType: string
            logicalTypeOptions: {minLength: 1, maxLength: 3, pattern: '^[a-c]+$'}
            enum: [{value: a}, {value: ab}, {value: b}]
            quality:
              - {metric: missingValues, mustBe: 0}
              - {metric: nullValues, mustBe: 0}
          - name: address
            logicalType: string
            logicalTypeOptions: {format: ipv6}
          - name: items
            logicalType: array
            logicalTypeOptions: {maxItems: 2, uniqueItems: true}
""")
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none()
            | st.sampled_from([-2.0, -1.0, 0.25, 0.3, 1.75, 2.0, float("nan"), float("inf")]),
            "whole": st.none() | st.integers(-4, 4) | st.integers(-300, 300),
            "word": st.none() | st.text("abcÄ\n", max_size=4),
            "address": st.none() | st.sampled_from(["::1", "fe80::2", "1.2.3.4", "x", ""]),
            "items": st.none() | st.lists(st.integers(0, 2) | st.none(), max_size=3),
        }
    ),
    max_size=8,
)
SCHEMA = pa.schema(
    {
        "number": pa.float64(),
        "whole": pa.int64(),
        "word": pa.string(),
        "address": pa.string(),
        "items": pa.list_(pa.int64()),
    }
)


PANDERA = CONTRACT.pandera_schema()


def pandera_failures(judged: Contract, table: pa.Table) -> set[str]:
    """Ids of the clauses that Pandera finds broken."""
    required = {clause.column: clause.id for clause in judged.clauses if clause.kind == "required"}
    try:
        PANDERA.validate(table.to_pandas(), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        told = {clause.description: clause.id for clause in judged.clauses}
        return {
            required[column] if check == "not_nullable" else told.get(str(check), str(check))
            for column, check in zip(cases["column"], cases["check"], strict=True)
        }
    return set()


@given(ROWS)
@settings(max_examples=80, deadline=None)
def test_duckdb_and_pandera_agree_on_every_clause(rows: list[dict]) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    ours = {name for name, result in verdicts(CONTRACT, table).items() if not result.passed}
    assert ours == pandera_failures(CONTRACT, table)


@given(ROWS)
@settings(max_examples=80, deadline=None)
def test_rows_in_memory_and_rows_in_a_database_are_judged_the_same(rows: list[dict]) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    memory = [(r.clause.id, r.passed, r.failing_rows) for r in CONTRACT.check(table, now=NOW)]
    relation = duckdb.connect().from_arrow(table)
    assert memory == [(r.clause.id, r.passed, r.failing_rows) for r in CONTRACT.check(relation, now=NOW)]


def test_the_agreement_test_sees_both_verdicts() -> None:
    good = {"number": 0.25, "whole": 1, "word": "ab", "address": "::1", "items": [1]}
    bad = {"number": 9.1, "whole": None, "word": "zzzz", "address": "x", "items": [1, 1, 1]}
    assert pandera_failures(CONTRACT, pa.Table.from_pylist([good], SCHEMA)) == set()
    found = pandera_failures(CONTRACT, pa.Table.from_pylist([good, bad], SCHEMA))
    assert {"number__exclusiveMaximum", "whole__required", "word__pattern", "address__format"} <= found
