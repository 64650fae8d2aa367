import duckdb
import pyarrow as pa
import pytest

from tests.unit.quality.contracts.making import NOW, contract

ROWS = pa.table({"DataValue": [1.0, -2.0, 3.0, None], "other": [1, 2, 3, 4]})


def judge(query: str, must: str = "mustBe: 1", rows: object = ROWS):
    judged = contract(f"""
        schema:
          - name: Air_Quality
            physicalName: air_quality_v1
            properties:
              - name: DataValue
                logicalType: number
                quality:
                  - {{type: sql, query: "{query}", {must}, id: rule}}
    """)
    return next(r for r in judged.check(rows, now=NOW) if r.clause.id == "DataValue__rule")


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from Air_Quality where DataValue <= 0",
        "select count(*) from air_quality_v1 where DataValue <= 0",
        "SELECT COUNT(*) FROM {object} WHERE {property} < 0",
        "SELECT COUNT(*) FROM ${table} WHERE ${column} < 0",
        "WITH bad AS (SELECT * FROM {object} WHERE {property} < 0) SELECT count(*) FROM bad",
        "SELECT count(*) FROM (SELECT unnest([1]) AS one)",
        "SELECT count(*) FROM {object} WHERE {property} < 0 AND {now} > TIMESTAMPTZ '2020-01-01'",
    ],
)
def test_a_query_reads_the_rows_under_its_names(query: str) -> None:
    assert judge(query).passed, judge(query).message
    assert not judge(query, "mustBe: 0").passed


def test_a_relation_is_queried_too() -> None:
    relation = duckdb.sql("SELECT -1.0 AS DataValue")
    assert judge("SELECT count(*) FROM {object} WHERE {property} < 0", rows=relation).passed


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("DROP TABLE Air_Quality", "not one SELECT"),
        ("SELECT 1; SELECT 2", "several statements"),
        ("COPY Air_Quality TO '/tmp/stolen.csv'", "not one SELECT"),
        ("SELECT count(*) FROM '/etc/passwd'", "not at hand"),
        ("SELECT count(*) FROM read_csv('/etc/passwd')", "table function"),
        ("SELECT content FROM read_text('/etc/passwd')", "table function"),
        ("SELECT count(*) FROM duckdb_secrets()", "table function"),
        ("SELECT count(*) FROM information_schema.tables", "not at hand"),
        ("SELECT count(*) FROM other_table", "not at hand"),
        ("ATTACH 'x.db'", "not one SELECT"),
        ("SELECT DataValue FROM {object}", "several rows"),
        ("SELECT 1 FROM {object} WHERE false", "no row"),
        ("SELECT nope FROM {object}", "fails"),
        ("SELECT {nope} FROM {object}", "no meaning"),
        ("SELECT 'open' FROM", "not one SELECT"),
    ],
)
def test_a_query_that_is_no_plain_question_about_the_rows_fails_by_name(query: str, reason: str) -> None:
    result = judge(query)
    assert (result.passed, result.judged) == (False, False)
    assert reason in result.message, result.message


def test_a_runaway_query_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dqm_assets.quality.contracts.sandbox.TIMEOUT_SECONDS", 0.2)
    result = judge("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = -1")
    assert "takes more than" in result.message
