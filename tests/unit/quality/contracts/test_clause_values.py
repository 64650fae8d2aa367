from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from dqm_assets.quality.contracts import ClauseResult
from tests.unit.quality.contracts.making import in_database, one_column, verdicts

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
