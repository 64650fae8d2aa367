import pytest

from dqm_assets.quality.contracts.comparison import compare_contracts
from tests.unit.quality.contracts.making import contract

BASE = """
    schema:
      - name: t
        properties:
          - name: c
            logicalType: number
            required: true
            logicalTypeOptions: {minimum: 0, maximum: 10}
            quality: [{metric: nullValues, mustBeLessThan: 5, unit: percent}]
          - {name: s, logicalType: string, logicalTypeOptions: {maxLength: 5}, enum: [{value: a}, {value: b}]}
    slaProperties: [{property: latency, value: 1, unit: d}, {property: retention, value: 1, unit: y}]
"""


def compared(*replacements: tuple[str, str]) -> list[tuple[str, bool]]:
    text = BASE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return [(change.part, change.breaking) for change in compare_contracts(contract(BASE), contract(text))]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("maximum: 10", "maximum: 10", []),
        ("maximum: 10", "maximum: 11", [("clause", True)]),
        ("maximum: 10", "maximum: 9", [("clause", False)]),
        ("minimum: 0", "minimum: -1", [("clause", True)]),
        ("minimum: 0", "minimum: 1", [("clause", False)]),
        (", maximum: 10", "", [("clause", True)]),
        ("maxLength: 5", "maxLength: 6", [("clause", True)]),
        ("maxLength: 5", "maxLength: 4", [("clause", False)]),
        ("{value: b}", "{value: b}, {value: c}", [("clause", True)]),
        ("[{value: a}, {value: b}]", "[{value: a}]", [("clause", False)]),
        ("mustBeLessThan: 5", "mustBeLessThan: 6", [("clause", True)]),
        ("mustBeLessThan: 5", "mustBeLessThan: 4", [("clause", False)]),
        ("mustBeLessThan: 5", "mustBeLessThan: 5, severity: warning", [("clause", True)]),
        ("mustBeLessThan: 5", "mustBe: 0", [("clause", True)]),
        ("required: true", "required: false", [("column", True)]),
        ("logicalType: number\n", "logicalType: integer\n", [("column", True)]),
        ("value: 1, unit: d", "value: 2, unit: d", [("sla", True)]),
        ("value: 1, unit: d", "value: 1, unit: h", [("sla", False)]),
        ("value: 1, unit: y", "value: 2, unit: y", [("sla", False)]),
        ("value: 1, unit: y", "value: 1, unit: m", [("sla", True)]),
        ("- name: t", "- name: t2", [("dataset", True), ("dataset", True)]),
        ("- {name: s,", "- {name: new, logicalType: integer}\n          - {name: s,", [("column", False)]),
    ],
)
def test_a_change_breaks_consumers_when_less_is_promised(old: str, new: str, expected: list) -> None:
    assert compared((old, new)) == expected
