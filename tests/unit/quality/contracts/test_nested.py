"""What stands inside of columns: fields of objects and items of lists, as structs and as JSON text."""

import json

import pyarrow as pa
import pytest

from dqm_assets.quality.contracts.mutation import mutation_test
from tests.unit.quality.contracts.making import NOW, contract, in_database, verdicts

ORDERS = """
    schema:
      - name: orders
        properties:
          - name: address
            logicalType: object
            properties:
              - {name: city, logicalType: string, required: true, logicalTypeOptions: {minLength: 2}}
              - {name: country, logicalType: string, enum: [{value: BR}, {value: IN}], classification: secret}
              - name: place
                logicalType: object
                properties:
                  - {name: lat, logicalType: number, logicalTypeOptions: {minimum: -90, maximum: 90}}
          - name: tags
            logicalType: array
            items: {logicalType: string, required: true, logicalTypeOptions: {maxLength: 5}}
"""
GOOD = [
    {"city": "Recife", "country": "BR", "place": {"lat": -8.0}},
    {"city": "Pune", "country": "IN", "place": {"lat": 18.5}},
]
BAD = [
    {"city": None, "country": "BR", "place": {"lat": -8.0}},
    {"city": "x", "country": "US", "place": {"lat": 99.0}},
]
BROKEN = {
    "address_city__required": 1,
    "address_city__minLength": 1,
    "address_country__enum": 1,
    "address_place_lat__maximum": 1,
    "tags__items_required": 1,
    "tags__items_maxLength": 1,
}


def rows(addresses: list[dict], tags: list[list], form: str) -> pa.Table:
    if form == "json":
        addresses, tags = [json.dumps(one) for one in addresses], [json.dumps(one) for one in tags]
    return pa.table({"address": addresses, "tags": tags})


@pytest.mark.parametrize("form", ["struct", "json"])
@pytest.mark.parametrize("stored", [False, True], ids=["in memory", "in a database"])
def test_fields_and_items_are_judged_where_they_stand(form: str, stored: bool) -> None:
    orders = contract(ORDERS)
    assert orders.refusals == ()
    good = rows(GOOD, [["a", "b"], []], form)
    bad = rows(BAD, [["a", None], ["too long"]], form)
    for table, broken in ((good, {}), (bad, BROKEN)):
        found = verdicts(orders, in_database(table) if stored else table)
        failed = {name: one.failing_rows for name, one in found.items() if not one.passed}
        assert failed == broken
        assert all(one.judged for one in found.values())


def test_a_sensitive_field_hides_its_column() -> None:
    found = verdicts(contract(ORDERS), rows(BAD, [["a"], ["b"]], "struct"))["address_country__enum"]
    assert found.sample[0]["address"] == "•••"


def test_a_field_that_a_struct_does_not_have_is_missing() -> None:
    table = pa.table({"address": [{"city": "Recife"}], "tags": [["a"]]})
    found = verdicts(contract(ORDERS), table)["address_country__enum"]
    assert (found.passed, found.judged) == (False, False)
    assert "'address.country' is missing" in found.message


@pytest.mark.parametrize(
    ("form", "survivors"),
    [
        ("struct", set()),
        # Whatever stands in JSON text can be read as text.
        ("json", {"address_city__type", "address_country__type", "tags__items_type"}),
    ],
)
def test_mutants_inside_of_columns_are_caught(form: str, survivors: set[str]) -> None:
    report = mutation_test(contract(ORDERS), rows(GOOD * 20, [["a"], ["b"]] * 20, form), now=NOW)
    assert {one.clause for one in report.results if one.outcome != "caught"} == survivors


def test_what_cannot_be_judged_inside_is_refused_by_name() -> None:
    orders = contract("""
        schema:
          - name: orders
            properties:
              - name: lines
                logicalType: array
                items:
                  logicalType: object
                  properties: [{name: sku, logicalType: string}]
              - name: urls
                logicalType: array
                items: {logicalType: string, logicalTypeOptions: {format: uri}}
              - name: labels
                logicalType: map
                map: {key: {logicalType: string}, value: {logicalType: string}}
    """)
    assert {refusal.what for refusal in orders.refusals} == {
        "lines: items",
        "urls: items: format",
        "labels: map",
    }
