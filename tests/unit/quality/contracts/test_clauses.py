from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from dqm_assets.quality.contracts import ClauseResult
from tests.unit.quality.contracts.making import NOW, contract, in_database, one_column, verdicts

UTC_TIME = pa.timestamp("us", tz="UTC")
NAN = float("nan")

#: logical type, lines under the property, clause, Arrow type, passing values, failing values.
#: Nulls are put among both: they must never change a count.
CASES = [
    ("number", "logicalTypeOptions: {minimum: 0}", "minimum", pa.float64(), [0.0, 1.5, NAN], [-0.1, -5.0]),
    (
        "number",
        "logicalTypeOptions: {exclusiveMinimum: 0}",
        "exclusiveMinimum",
        pa.float64(),
        [0.1],
        [0.0, -1.0],
    ),
    (
        "number",
        "logicalTypeOptions: {maximum: 10}",
        "maximum",
        pa.float64(),
        [10.0, -3.0, NAN],
        [10.1, float("inf")],
    ),
    ("number", "logicalTypeOptions: {exclusiveMaximum: 10}", "exclusiveMaximum", pa.float32(), [9.5], [10.0]),
    (
        "number",
        "logicalTypeOptions: {multipleOf: 0.1}",
        "multipleOf",
        pa.float64(),
        [0.3, -0.7, 1e6],
        [0.35, 0.05],
    ),
    ("number", "logicalTypeOptions: {multipleOf: 5}", "multipleOf", pa.int64(), [0, 5, 10, -5], [3, -4]),
    (
        "number",
        "logicalTypeOptions: {minimum: 1}",
        "minimum",
        pa.decimal128(9, 2),
        [Decimal("1.00")],
        [Decimal("0.99")],
    ),
    ("number", "logicalTypeOptions: {format: f32}", "format", pa.float64(), [3.4e38], [1e39, -1e39]),
    ("integer", "logicalTypeOptions: {format: i8}", "format", pa.int64(), [-128, 127], [-129, 128]),
    ("integer", "logicalTypeOptions: {format: u16}", "format", pa.int64(), [0, 65535], [-1, 65536]),
    ("integer", "", "type", pa.float64(), [1.0, -7.0, NAN], [1.5, float("inf")]),
    ("integer", "", "type", pa.string(), ["12", " -3 "], ["1.5", "x", ""]),
    ("number", "", "type", pa.string(), ["1.5", "-2e3"], ["x", "", "1,5"]),
    ("boolean", "", "type", pa.string(), ["true", "false"], ["maybe"]),
    ("boolean", "", "type", pa.int64(), [0, 1], [2, -1]),
    ("string", "", "type", pa.string(), ["a", ""], None),
    ("string", "", "type", pa.int64(), None, [1, 2]),
    ("date", "", "type", pa.string(), ["2020-02-29"], ["2020-02-30", "x"]),
    ("timestamp", "", "type", pa.string(), ["2020-02-29 12:00:00", "2020-01-01T00:00:00Z"], ["soon"]),
    ("time", "", "type", pa.string(), ["23:59:59"], ["25:00:00"]),
    ("string", "logicalTypeOptions: {minLength: 2}", "minLength", pa.string(), ["ab", "äö"], ["a", ""]),
    ("string", "logicalTypeOptions: {maxLength: 2}", "maxLength", pa.string(), ["ab", "日本"], ["abc"]),
    (
        "string",
        "logicalTypeOptions: {pattern: '^A[0-9]+$'}",
        "pattern",
        pa.string(),
        ["A1"],
        ["B1", "A1\n", "A"],
    ),
    ("string", "logicalTypeOptions: {pattern: 'b'}", "pattern", pa.string(), ["abc"], ["ac"]),
    ("string", "logicalTypeOptions: {pattern: '^(?!x)'}", "pattern", pa.string(), ["ax"], ["xa"]),
    ("string", 'logicalTypeOptions: {pattern: "^\'$"}', "pattern", pa.string(), ["'"], ["''"]),
    (
        "string",
        "logicalTypeOptions: {format: uuid}",
        "format",
        pa.string(),
        ["123e4567-e89b-12d3-a456-426614174000"],
        ["123e4567", ""],
    ),
    (
        "string",
        "logicalTypeOptions: {format: email}",
        "format",
        pa.string(),
        ["a.b@c.de"],
        ["a@", "a b@c.de"],
    ),
    (
        "string",
        "logicalTypeOptions: {format: ipv4}",
        "format",
        pa.string(),
        ["127.0.0.1"],
        ["256.0.0.1", "1.2.3"],
    ),
    (
        "string",
        "logicalTypeOptions: {format: ipv6}",
        "format",
        pa.string(),
        ["::1", "fe80::1"],
        [":::", "127.0.0.1"],
    ),
    (
        "string",
        "logicalTypeOptions: {format: uri}",
        "format",
        pa.string(),
        ["https://a.b/c?d"],
        ["a b", "//x", "a:b c"],
    ),
    (
        "string",
        "logicalTypeOptions: {format: hostname}",
        "format",
        pa.string(),
        ["a-b.example"],
        ["-a", "a..b"],
    ),
    ("string", "logicalTypeOptions: {format: byte}", "format", pa.string(), ["aGk=", ""], ["aGk", "!"]),
    (
        "date",
        "logicalTypeOptions: {minimum: '2020-01-01'}",
        "minimum",
        pa.date32(),
        [date(2020, 1, 1)],
        [date(2019, 12, 31)],
    ),
    (
        "date",
        "logicalTypeOptions: {exclusiveMaximum: '2020-01-01'}",
        "exclusiveMaximum",
        pa.string(),
        ["2019-12-31"],
        ["2020-01-01"],
    ),
    (
        "date",
        "logicalTypeOptions: {format: dd/MM/yyyy}",
        "format",
        pa.string(),
        ["31/12/2020"],
        ["1/12/2020", "2020-12-31"],
    ),
    (
        "timestamp",
        "logicalTypeOptions: {minimum: '2020-01-01T00:00:00Z'}",
        "minimum",
        UTC_TIME,
        [datetime(2020, 1, 1, tzinfo=UTC)],
        [datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC)],
    ),
    (
        "timestamp",
        "logicalTypeOptions: {maximum: '2020-01-01 00:00:00', defaultTimezone: Asia/Tokyo}",
        "maximum",
        UTC_TIME,
        [datetime(2019, 12, 31, 15, tzinfo=UTC)],
        [datetime(2019, 12, 31, 15, 0, 1, tzinfo=UTC)],
    ),
    (
        "timestamp",
        "logicalTypeOptions: {maximum: '2020-01-01T00:00:00Z'}",
        "maximum",
        pa.timestamp("us"),
        [datetime(2020, 1, 1)],
        [datetime(2020, 1, 2)],
    ),
    (
        "timestamp",
        "logicalTypeOptions: {format: 'yyyy-MM-dd HH:mm:ss'}",
        "format",
        pa.string(),
        ["2020-01-01 00:00:00"],
        ["2020-01-01T00:00:00", "2020-1-1 00:00:00"],
    ),
    (
        "time",
        "logicalTypeOptions: {maximum: '18:00:00'}",
        "maximum",
        pa.time64("us"),
        [time(18)],
        [time(18, 0, 1)],
    ),
    ("array", "logicalTypeOptions: {minItems: 1}", "minItems", pa.list_(pa.int64()), [[1]], [[]]),
    ("array", "logicalTypeOptions: {maxItems: 1}", "maxItems", pa.string(), ["[1]"], ["[1, 2]"]),
    (
        "array",
        "logicalTypeOptions: {uniqueItems: true}",
        "uniqueItems",
        pa.list_(pa.string()),
        [["a", "b"], [None, None]],
        [["a", "a"]],
    ),
    ("array", "", "type", pa.string(), ["[]", "[1]"], ["{}", "[", "1"]),
    (
        "vector",
        "logicalTypeOptions: {dimensions: 2}",
        "dimensions",
        pa.list_(pa.float32()),
        [[1.0, 2.0]],
        [[1.0]],
    ),
    ("object", "logicalTypeOptions: {required: [a]}", "required", pa.string(), ['{"a": 1}'], ['{"b": 1}']),
    ("object", "logicalTypeOptions: {minProperties: 1}", "minProperties", pa.string(), ['{"a": 1}'], ["{}"]),
    (
        "object",
        "logicalTypeOptions: {maxProperties: 1}",
        "maxProperties",
        pa.string(),
        ["{}"],
        ['{"a": 1, "b": 2}'],
    ),
    ("string", 'enum: [{value: a}, {value: "it\'s"}]', "enum", pa.string(), ["a", "it's"], ["b", "", "A"]),
    ("integer", "enum: [{value: 1}, {value: 2}]", "enum", pa.int64(), [1, 2], [3]),
]


@pytest.mark.parametrize("stored", [False, True], ids=["in memory", "in a database"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[2]}-{case[3]}-{case[1][:30]}")
def test_a_clause_counts_exactly_the_values_that_break_it(case: tuple, stored: bool) -> None:
    logical_type, body, clause, arrow_type, passing, failing = case
    judged = one_column(logical_type, body)

    def judge(values: list) -> ClauseResult:
        table = pa.table({"c": pa.array(values, arrow_type)})
        return verdicts(judged, in_database(table) if stored else table)[f"c__{clause}"]

    if passing is not None:
        result = judge([*passing, None])
        assert result.passed, result.message
        assert (result.failing_rows, result.checked_rows, result.sample) == (0, len(passing) + 1, [])
    if failing is not None:
        values = [*(passing or []), None, *failing]
        result = judge(values)
        assert not result.passed
        assert result.failing_rows == len(failing), result.message
        assert [row["_row"] for row in result.sample] == list(
            range(len(values) - len(failing) + 1, len(values) + 1)
        )


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
