import pyarrow as pa
import pytest

from dqm_assets.quality.contracts.mutation import mutation_test
from tests.unit.quality.contracts.making import NOW, contract, one_column

FLOATS = pa.table({"c": [1.0, 2.0, 3.0, 4.0]})
TEXTS = pa.table({"c": ["a1", "b2", "c3"]})


@pytest.mark.parametrize(
    ("logical_type", "body", "rows"),
    [
        ("number", "required: true", FLOATS),
        ("number", "unique: true", FLOATS),
        ("number", "logicalTypeOptions: {minimum: 0, maximum: 10, multipleOf: 0.5}", FLOATS),
        ("string", "logicalTypeOptions: {minLength: 1, maxLength: 9, pattern: '^[a-z][0-9]$'}", TEXTS),
        ("string", "logicalTypeOptions: {pattern: '^(?!zz)[a-z][0-9]$'}", TEXTS),
        ("string", "logicalTypeOptions: {format: hostname}", TEXTS),
        ("string", "enum: [{value: a1}, {value: b2}, {value: c3}]", TEXTS),
        ("string", "quality: [{metric: missingValues, mustBeLessThan: 40, unit: percent}]", TEXTS),
        ("string", "quality: [{metric: rowCount, mustBeBetween: [2, 4]}]", TEXTS),
        ("string", "quality: [{metric: duplicateValues, mustBe: 0}]", TEXTS),
        ("string", "quality: [{type: sql, query: 'SELECT count(*) FROM t', mustBeGreaterThan: 1}]", TEXTS),
        ("string", "quality: [{type: sql, query: 'SELECT count({property}) FROM t', mustBe: 3}]", TEXTS),
        ("string", "relationships: [{to: other.id}]", TEXTS),
        (
            "array",
            "logicalTypeOptions: {minItems: 1, maxItems: 3, uniqueItems: true}",
            pa.table({"c": ["[1, 2]"] * 3}),
        ),
        (
            "object",
            "logicalTypeOptions: {required: [a], maxProperties: 3}",
            pa.table({"c": ['{"a": 1}'] * 3}),
        ),
    ],
)
def test_every_kind_of_clause_catches_a_mutant(logical_type: str, body: str, rows: pa.Table) -> None:
    report = mutation_test(one_column(logical_type, body), rows, now=NOW)
    assert [one for one in report.results if one.outcome != "caught"] == []
    assert report.score == 1.0


@pytest.mark.parametrize(
    "rule",
    [
        "{metric: nullValues, mustBeLessOrEqualTo: 100, unit: percent}",
        "{metric: rowCount, mustBeGreaterOrEqualTo: 0}",
        "{type: sql, query: 'SELECT 1', mustBe: 1}",
    ],
)
def test_a_rule_that_cannot_fail_is_named(rule: str) -> None:
    report = mutation_test(one_column("string", f"quality: [{{id: r, {rule[1:]}]"), TEXTS, now=NOW)
    assert [(one.clause, one.outcome) for one in report.results if one.outcome != "caught"] == [
        ("c__r", "survived")
    ]
    assert report.score < 1


def test_a_clause_that_the_data_breaks_as_it_is_is_no_proof() -> None:
    report = mutation_test(one_column("number", "logicalTypeOptions: {minimum: 2}"), FLOATS, now=NOW)
    assert {one.clause: one.outcome for one in report.results}["c__minimum"] == "fails already"


def test_service_levels_are_mutated_too() -> None:
    judged = contract("""
        schema: [{name: t, properties: [{name: c, logicalType: number}]}]
        slaProperties: [{property: latency, value: 1, unit: d}, {property: frequency, value: 40000, unit: d}]
    """)
    outcomes = {one.clause: one.outcome for one in mutation_test(judged, FLOATS, now=NOW).results}
    assert (outcomes["sla__latency"], outcomes["sla__frequency"]) == ("caught", "survived")


def test_times_of_availability_and_ends_are_mutated_by_the_clock() -> None:
    judged = contract("""
        schema: [{name: t, properties: [{name: c, logicalType: number}]}]
        slaProperties:
          - {property: timeOfAvailability, value: "09:00-03:00", driver: regulatory}
          - {property: timeOfAvailability, value: "23:59"}
          - {property: endOfSupport, value: "2999-12-31T00:00:00+02:00"}
          - {property: endOfLife, value: "9999-12-31T23:59:59.999999"}
    """)
    found = [one for one in mutation_test(judged, FLOATS, now=NOW).results if one.clause.startswith("sla__")]
    assert [(one.clause, one.outcome) for one in found] == [
        ("sla__timeOfAvailability", "caught"),
        ("sla__timeOfAvailability", "caught"),
        ("sla__endOfSupport", "caught"),
        ("sla__endOfLife", "survived"),
    ]
    assert found[0].mutation == "09:00:00-03:00 passed without data of the day"
    assert "no clock passes" in found[3].mutation


def test_an_end_that_has_come_is_no_proof() -> None:
    judged = contract("""
        schema: [{name: t, properties: [{name: c, logicalType: number}]}]
        slaProperties: [{property: endOfLife, value: "2001-01-01"}]
    """)
    outcomes = {one.clause: one.outcome for one in mutation_test(judged, FLOATS, now=NOW).results}
    assert outcomes["sla__endOfLife"] == "fails already"
