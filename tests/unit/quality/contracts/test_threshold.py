import pyarrow as pa
import pytest

from dqm_assets.quality.contracts.threshold import Threshold
from tests.unit.quality.contracts.making import compile_text, contract, one_column, verdicts


@pytest.mark.parametrize(
    ("operator", "limit", "accepted", "rejected"),
    [
        ("mustBe", 2, [2, 2.0], [1, 3]),
        ("mustNotBe", 2, [1, 3], [2]),
        ("mustBeGreaterThan", 2, [3], [2, 1]),
        ("mustBeGreaterOrEqualTo", 2, [2, 3], [1]),
        ("mustBeLessThan", 2, [1], [2, 3]),
        ("mustBeLessOrEqualTo", 2, [1, 2], [3]),
        ("mustBeBetween", (1, 3), [1, 2, 3], [0, 4]),
        ("mustNotBeBetween", (1, 3), [0, 4], [1, 2, 3]),
    ],
)
def test_every_operator_accepts_and_rejects(
    operator: str, limit: object, accepted: list, rejected: list
) -> None:
    threshold = Threshold(operator, limit)
    assert all(threshold.accepts(value) for value in accepted)
    assert not any(threshold.accepts(value) for value in rejected)
    assert not threshold.accepts(None) or operator == "mustNotBe"


def test_percent_of_no_rows_is_zero() -> None:
    assert Threshold("mustBe", 0, "percent").measured(0, 0) == 0
    assert Threshold("mustBe", 0, "percent").measured(1, 8) == 12.5


@pytest.mark.parametrize(
    ("rule", "values", "measured"),
    [
        ("metric: nullValues", ["a", None, None], 2),
        ("metric: missingValues", ["a", None, "", "n/a"], 2),
        ("metric: missingValues, arguments: {missingValues: [null, '', 'n/a']}", ["a", None, "", "n/a"], 3),
        ("metric: missingValues, arguments: {missingValues: ['n/a']}", ["a", None, "", "n/a"], 1),
        ("metric: invalidValues, arguments: {validValues: [a, b]}", ["a", None, "c", "d"], 2),
        ("metric: invalidValues, arguments: {validValues: ['', null]}", ["", None, "c"], 1),
        ("metric: invalidValues, arguments: {pattern: '^a'}", ["a", None, "c", "ba"], 2),
        (
            "metric: invalidValues, arguments: {pattern: '^a', validValues: [a, b]}",
            ["a", "ab", "b", "c", None],
            3,
        ),
        ("metric: duplicateValues", ["a", "a", "a", "b", None, None], 2),
        ("metric: rowCount", ["a", None], 2),
        ("rule: nullCheck", ["a", None], 1),
        ("rule: duplicateCount", ["a", "a"], 1),
    ],
)
def test_a_library_metric_counts(rule: str, values: list, measured: int) -> None:
    table = pa.table({"c": pa.array(values, pa.string())})
    right = one_column("string", f"quality: [{{{rule}, mustBe: {measured}, id: r}}]")
    wrong = one_column("string", f"quality: [{{{rule}, mustBe: {measured + 1}, id: r}}]")
    assert verdicts(right, table)["c__r"].passed
    assert not verdicts(wrong, table)["c__r"].passed
    assert verdicts(wrong, table)["c__r"].measured == measured


def test_percent_compares_the_share_of_rows() -> None:
    judged = one_column("string", "quality: [{metric: nullValues, mustBeLessThan: 50, unit: percent, id: r}]")
    assert verdicts(judged, pa.table({"c": pa.array(["a", "b", None])}))["c__r"].passed
    result = verdicts(judged, pa.table({"c": pa.array(["a", None])}))["c__r"]
    assert (result.passed, result.measured, result.failing_rows) == (False, 50.0, 1)
    assert len(result.sample) == 1


def test_duplicates_over_several_columns_stand_at_schema_level() -> None:
    judged = contract("""
        schema:
          - name: t
            properties: [{name: a, physicalName: A}, {name: b}]
            quality: [{metric: duplicateValues, mustBe: 0, arguments: {properties: [a, b]}}]
    """)
    assert verdicts(judged, pa.table({"A": [1, 1], "b": [1, 2]}))["duplicateValues"].passed
    assert not verdicts(judged, pa.table({"A": [1, 1], "b": [1, 1]}))["duplicateValues"].passed


def test_severity_and_dimension_carry_over() -> None:
    rule = "{metric: nullValues, mustBe: 0, severity: warning, dimension: coverage, id: r}"
    clause = one_column("string", f"quality: [{rule}]").clauses[-1]
    assert (clause.severity, clause.dimension, clause.blocking) == ("warning", "coverage", False)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("metric: nullValues, mustBe: none", "is no number"),
        ("metric: nullValues, mustBe: 0, unit: percents", "did you mean 'percent'"),
        ("metric: rowCount, mustBe: 0, unit: percent", "no percent"),
        ("metric: nullValues, mustBeBetween: [3, 1]", "smaller number first"),
        ("metric: nullValues, mustBe: 0, severity: eror", "did you mean 'error'"),
        ("metric: invalidValues, mustBe: 0", "needs arguments"),
        ("metric: invalidValues, mustBe: 0, arguments: {validValue: [a]}", "did you mean 'validValues'"),
        ("metric: invalidValues, mustBe: 0, arguments: {pattern: '['}", "no regular expression"),
        ("metric: duplicateValues, mustBe: 0, arguments: {properties: [d]}", "no property 'd'"),
        ("rule: nulCheck, mustBe: 0", "did you mean 'nullCheck'"),
        ("metric: nullValues", "needs one of mustBe"),
        ("metric: nullValues, mustBe: 0, mustNotBe: 1", "keep one operator"),
        ("metric: nullValues, mustBeLessThan: a", "not a value that this operator takes"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_an_error_with_its_place(rule: str, message: str) -> None:
    _, problems = compile_text(
        f"schema:\n  - name: t\n    properties:\n      - name: c\n        quality: [{{{rule}}}]\n"
    )
    assert any(message in problem.message for problem in problems), problems
    assert all(problem.line == 9 and problem.column > 1 for problem in problems)
