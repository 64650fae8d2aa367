import duckdb
import pyarrow as pa
import pytest

from tests.unit.quality.contracts.making import NOW, compile_text, contract

ORDERS = """
    schema:
      - id: orders_obj
        name: orders
        properties:
          - {name: customer, logicalType: integer, relationships: [{to: customers.id}]}
          - {name: country, logicalType: string}
        relationships:
          - {from: [orders.customer, orders.country], to: [customers.id, customers.land]}
"""
CUSTOMERS = pa.table({"id": [1, 2], "land": ["de", "fr"]})


def results(rows: pa.Table, references: dict) -> dict:
    return {r.clause.id: r for r in contract(ORDERS).check(rows, now=NOW, references=references)}


def test_rows_without_a_partner_fail_and_nulls_refer_to_nothing() -> None:
    rows = pa.table({"customer": [1, 2, 3, 3, None], "country": ["de", "de", "de", "de", "de"]})
    found = results(rows, {"customers": CUSTOMERS})
    assert found["customer__in_customers"].failing_rows == 2
    assert [row["_row"] for row in found["customer__in_customers"].sample] == [3, 4]
    assert found["in_customers"].failing_rows == 3


def test_known_keys_pass_and_relations_of_other_databases_are_taken() -> None:
    other = duckdb.connect().sql("SELECT * FROM (VALUES (1, 'de')) AS t(id, land)")
    found = results(pa.table({"customer": [1], "country": ["de"]}), {"customers": other})
    assert found["customer__in_customers"].passed
    assert found["in_customers"].passed


def test_a_dataset_that_is_not_at_hand_fails_by_name() -> None:
    result = results(pa.table({"customer": [1], "country": ["de"]}), {})["customer__in_customers"]
    assert (result.passed, result.judged) == (False, False)
    assert "'customers' is not at hand" in result.message


@pytest.mark.parametrize(
    ("relation", "message"),
    [
        ("{from: orders.custmer, to: customers.id}", "did you mean 'customer'"),
        ("{from: [orders.customer], to: [customers.id, customers.land]}", "as many"),
        ("{from: [orders.customer, orders.country], to: [a.id, b.id]}", "several datasets"),
        ("{from: orders.customer, to: [customers.id]}", "must be"),
    ],
)
def test_a_relationship_that_cannot_be_meant_is_an_error(relation: str, message: str) -> None:
    text = ORDERS.replace(
        "{from: [orders.customer, orders.country], to: [customers.id, customers.land]}", relation
    )
    _, problems = compile_text(text)
    assert any(message in problem.message for problem in problems), problems


def test_full_references_are_read() -> None:
    text = ORDERS.replace("customers.id}", "schema/customers/properties/id}")
    assert contract(text).clauses[2].measure.target == "customers"
