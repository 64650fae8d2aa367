import pytest

from dqm_assets.quality.category_drift import OTHERS, category_changes
from dqm_assets.quality.contracts.contract_drift import contract_changes
from dqm_assets.quality.drift import SeenColumn
from tests.unit.quality.contracts.making import compile_text, contract

SCHEMA = """
    schema:
      - name: first
        properties:
          - {name: state, logicalType: string, required: true, enum: [{value: new}, {value: paid}]}
      - name: second
        customProperties: [{property: driftPolicy, value: quarantine}]
"""


def test_a_policy_of_the_contract_holds_where_the_dataset_has_none_of_its_own() -> None:
    contracts, _ = compile_text(SCHEMA + "    customProperties: [{property: driftPolicy, value: block}]\n")
    assert [one.drift_policy for one in contracts] == ["block", "quarantine"]
    assert contract("name: only levels").drift_policy == "warn"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{property: driftPolicy, value: quarantin}", "did you mean 'quarantine'?"),
        ("{property: driftPolicy, value: 7}", "7 is not one of accept, warn, quarantine, block"),
        ("{property: drift_policy, value: warn}", "'drift_policy' is written 'driftPolicy'"),
    ],
)
def test_a_policy_that_would_be_ignored_is_an_error_with_its_place(entry: str, message: str) -> None:
    contracts, problems = compile_text(SCHEMA + f"    customProperties:\n      - {entry}\n")
    assert contracts == []
    (problem,) = problems
    assert message in problem.message
    assert problem.line == 13


def test_custom_properties_of_others_are_left_alone() -> None:
    assert compile_text(SCHEMA + "    customProperties: [{property: dataClass, value: x}]\n")[1] == []


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (SeenColumn("state", "string", nullable=True), ["column state was never null and is nullable"]),
        (SeenColumn("state", "string", nullable=False), []),
        (SeenColumn("state", "string", categories={"new": 9, "paid": 1, OTHERS: 3}), []),
        (
            SeenColumn("state", "string", categories={"new": 9, "lost": 1}),
            ["values of column state changed: 'lost' is not allowed"],
        ),
        (
            SeenColumn("state", "string", categories={"a": 9, "b": 1}),
            ["values of column state changed: 'a', 'b' are not allowed"],
        ),
    ],
)
def test_nulls_and_values_that_the_contract_excludes_are_drift(column: SeenColumn, told: list[str]) -> None:
    compiled = compile_text(SCHEMA)[0][0]
    assert [change.message for change in contract_changes(compiled, [column])] == told


def test_the_rest_of_the_values_counts_in_the_shares_and_is_no_news() -> None:
    before, after = {"a": 50, OTHERS: 50}, {"a": 4, OTHERS: 96}
    assert category_changes(before, {"a": 100}) == []
    assert [change.kind for change in category_changes(before, after)] == ["vanished"]
