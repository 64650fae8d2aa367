from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from tests.unit.quality.contracts.making import NOW, contract, in_database, one_column, verdicts

UTC_TIME = pa.timestamp("us", tz="UTC")
NAN = float("nan")


@pytest.mark.parametrize(
    ("body", "clause", "values", "failing"),
    [
        ("required: true", "required", [1.0, None, NAN], 2),
        ("required: true", "required", [1.0, 2.0], 0),
        ("unique: true", "unique", [1.0, 1.0, 1.0, 2.0, None, None], 2),
        ("unique: true", "unique", [1.0, 2.0, None], 0),
        ("primaryKey: true", "primaryKey", [1.0, 1.0], 1),
        ("primaryKey: true", "required", [1.0, None], 1),
    ],
)
def test_presence_and_uniqueness_follow_sql(body: str, clause: str, values: list, failing: int) -> None:
    result = verdicts(one_column("number", body), pa.table({"c": pa.array(values, pa.float64())}))[
        f"c__{clause}"
    ]
    assert (result.passed, result.failing_rows) == (failing == 0, failing)
    assert len(result.sample) >= failing


@pytest.mark.parametrize("stored", [False, True], ids=["in memory", "in a database"])
@pytest.mark.parametrize(
    "key",
    [
        pa.array([1, 2, 1]),
        pa.array([1, 1, 2]),
        pa.array([5_000_000_000, -3, 5_000_000_000]),
        pa.array([1, 2, 1], pa.uint8()),
        pa.array([1.5, 2.5, 1.5]),
        pa.array(["it's", "b", "it's"]),
        pa.array([b"\x00'", b"b", b"\x00'"]),
        pa.array([date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 1)]),
        pa.array([datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)] * 2, UTC_TIME).slice(
            0, 3
        ),
        pa.array([Decimal("1.10"), Decimal("2.20"), Decimal("1.10")]),
        pa.array([[1], [2], [1]]),
        pa.array([{"a": 1}, {"a": 2}, {"a": 1}]),
        pa.array([True, False, True]),
    ],
    ids=lambda key: str(key.type),
)
def test_repeated_keys_of_any_type_are_counted_and_shown(key: pa.Array, stored: bool) -> None:
    judged = contract("schema: [{name: t, properties: [{name: c, unique: true}]}]")
    table = pa.table({"c": key, "_line": [10, 11, 12]})
    result = verdicts(judged, in_database(table) if stored else table)["c__unique"]
    assert (result.passed, result.failing_rows, result.message) == (False, 1, result.message)
    places = [
        place for place in range(3) if key[place].as_py() in (key[0].as_py(), None) and key[place] == key[0]
    ]
    expected = places if len(places) > 1 else [1, 2]
    assert sorted(row["_line"] for row in result.sample) == [10 + place for place in expected]


def test_repeated_uuids_and_times_are_shown() -> None:
    judged = contract("schema: [{name: t, properties: [{name: c, unique: true}]}]")
    for value in ("uuid '123e4567-e89b-12d3-a456-426614174000'", "time '12:00:00'"):
        result = judged.check(duckdb.sql(f"SELECT {value} AS c FROM range(3)"), now=NOW)[1]
        assert (result.failing_rows, len(result.sample)) == (2, 3)


def test_batches_of_a_relation_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dqm_assets.quality.contracts.arrow_judge.BATCH_ROWS", 2048)
    values = [-1.0 if row % 1000 == 999 else 1.0 for row in range(25_000)]
    judged = one_column("number", "logicalTypeOptions: {minimum: 0}")
    result = verdicts(judged, in_database(pa.table({"c": values})))["c__minimum"]
    assert (result.failing_rows, result.checked_rows, result.engine) == (25, 25_000, "arrow")
    assert [row["_row"] for row in result.sample] == list(range(1000, 11_000, 1000))


def test_a_composite_key_is_judged_over_all_its_columns() -> None:
    judged = contract("""
        schema:
          - name: t
            properties:
              - {name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 2}
              - {name: a, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
    """)
    assert judged.key == ("a", "b")
    rows = pa.table({"a": [1, 1, 2, 1], "b": ["x", "y", "x", "x"]})
    result = verdicts(judged, rows)["primaryKey"]
    assert (result.passed, result.failing_rows) == (False, 1)
    assert [row["_row"] for row in result.sample] == [1, 4]
    assert verdicts(judged, rows.slice(0, 3))["primaryKey"].passed


def test_a_missing_column_fails_its_clauses_and_says_so() -> None:
    results = verdicts(one_column("number", "logicalTypeOptions: {minimum: 0}"), pa.table({"d": [1]}))
    assert not results["c__column"].passed
    assert not results["c__minimum"].passed
    assert not results["c__minimum"].judged
    assert "'c' is missing" in results["c__minimum"].message


def test_failing_rows_keep_their_line_and_sensitive_values_stay_hidden() -> None:
    judged = contract("""
        schema:
          - name: t
            properties:
              - {name: c, logicalType: number, logicalTypeOptions: {minimum: 0}}
              - {name: mail, logicalType: string, classification: restricted}
    """)
    rows = pa.table({"c": [-1.0, 1.0], "mail": ["a@b.c", "d@e.f"], "_line": [17, 18]})
    assert verdicts(judged, rows)["c__minimum"].sample == [{"_line": 17, "c": -1.0, "mail": "•••"}]


def test_the_sample_is_bounded_and_the_count_is_not() -> None:
    rows = pa.table({"c": pa.array([-1.0] * 5000)})
    result = verdicts(one_column("number", "logicalTypeOptions: {minimum: 0}"), rows)["c__minimum"]
    assert (result.failing_rows, len(result.sample)) == (5000, 10)


def test_a_relation_is_judged_where_it_is() -> None:
    connection = duckdb.connect()
    relation = connection.sql("SELECT range::DOUBLE - 3 AS c FROM range(10)")
    judged = one_column("number", "logicalTypeOptions: {minimum: 0}")
    results = {result.clause.id: result for result in judged.check(relation, now=NOW)}
    assert results["c__minimum"].failing_rows == 3
    assert connection.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == []


def test_many_threads_judge_at_once() -> None:
    judged = one_column("string", "logicalTypeOptions: {pattern: '^a'}\nunique: true")

    def failing(extra: int) -> int:
        rows = pa.table({"c": ["a", *(f"b{number}" for number in range(extra))]})
        return verdicts(judged, rows)["c__pattern"].failing_rows

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(failing, range(40))) == list(range(40))


def test_empty_rows_break_nothing_but_a_row_count() -> None:
    judged = contract("""
        schema:
          - name: t
            properties:
              - {name: c, logicalType: number, required: true, logicalTypeOptions: {minimum: 0}}
            quality:
              - {metric: rowCount, mustBeGreaterThan: 0}
    """)
    results = verdicts(judged, pa.table({"c": pa.array([], pa.float64())}))
    assert {name for name, result in results.items() if not result.passed} == {"rowCount"}


def test_names_that_need_quoting_are_judged() -> None:
    name = 'we"ird name; drop'
    judged = contract(f"""
        schema:
          - name: t
            properties:
              - {{name: '{name}', logicalType: number, logicalTypeOptions: {{minimum: 0}}}}
    """)
    result = judged.check(pa.table({name: [-1.0]}), now=NOW)[2]
    assert (result.passed, result.sample) == (False, [{"_row": 1, name: -1.0}])


def test_only_the_chosen_clauses_are_judged() -> None:
    judged = one_column("number", "logicalTypeOptions: {minimum: 0, maximum: 1}")
    results = judged.check(pa.table({"c": [5.0]}), now=NOW, only={"c__maximum"})
    assert [(result.clause.id, result.passed) for result in results] == [("c__maximum", False)]
