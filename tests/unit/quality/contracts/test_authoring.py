from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from dqm_assets.quality.contracts.authoring import write_contract
from dqm_assets.quality.contracts.document import parse_document
from dqm_assets.quality.contracts.facts import batch_times, column_facts
from dqm_assets.quality.contracts.load import compile_document

ROWS = 300


def written(batches: list[pa.Table]) -> tuple[str, set[str]]:
    """The text of the contract, and the ids of its clauses."""
    rows = [batch.num_rows for batch in batches]
    text = write_contract("t", column_facts(batches), rows, times=batch_times(batches))
    contracts, problems = compile_document(parse_document(text))
    assert problems == []
    return text, {clause.id for clause in contracts[0].clauses}


@pytest.mark.parametrize(
    "values",
    [list(range(1000, 1000 + ROWS)), [7 * n for n in range(ROWS)], [n // 2 for n in range(ROWS)]],
    ids=["ids", "sequence", "epoch with ties"],
)
def test_what_grows_gets_no_limits_and_says_why(values: list[int]) -> None:
    text, clauses = written([pa.table({"n": values[: ROWS // 2]}), pa.table({"n": values[ROWS // 2 :]})])
    assert not clauses & {"n__minimum", "n__maximum"}
    assert "as ids and counters do" in text


def test_a_counter_that_starts_anew_in_each_batch_gets_no_limits() -> None:
    assert "n__maximum" not in written([pa.table({"n": list(range(ROWS))})] * 2)[1]


def test_a_measure_gets_limits_around_what_was_seen() -> None:
    _, clauses = written([pa.table({"n": [(n * 37) % 101 for n in range(ROWS)]})])
    assert {"n__minimum", "n__maximum", "n__required"} <= clauses


def test_texts_nulls_and_empty_columns_are_described() -> None:
    batch = pa.table(
        {
            "state": ["new", "paid", "lost"] * (ROWS // 3),
            "note": pa.array([None if n % 10 == 0 else f"note {n}" for n in range(ROWS)]),
            "nothing": pa.nulls(ROWS),
            "code": [f"code-{n}" for n in range(ROWS)],
        }
    )
    text, clauses = written([batch])
    assert {"state__enum", "state__minLength", "note__nullValues", "code__unique"} <= clauses
    assert "note__required" not in clauses
    assert "at most 10.0 percent of a batch were missing" in text


def orders(rows: int, day: int = 1) -> pa.Table:
    return pa.table(
        {
            "order_id": list(range(1, rows + 1)),
            "customer_id": [100 + 7 * n % rows for n in range(rows)],
            "state": [("new", "paid", "lost")[n % 3] for n in range(rows)],
            "town": ["Rome", "Oslo", *["Bern"] * (rows - 2)],
            "amount": [float(n * 37 % 101) for n in range(rows)],
            "at": pa.array([datetime(2026, 1, day, n // 60 % 24, n % 60) for n in range(rows)]),
        }
    )


def test_few_rows_give_a_key_by_its_name_what_is_required_and_a_complete_list() -> None:
    text, clauses = written([orders(20)])
    assert {"order_id__unique", "order_id__required", "state__required", "state__enum"} <= clauses
    assert not clauses & {"order_id__minimum", "order_id__maximum", "customer_id__unique", "town__enum"}
    assert "fewer than 14% are" in text
    assert "town__invalidValues" in clauses


def test_too_few_rows_say_nothing_of_keys_nulls_and_lists() -> None:
    assert not written([orders(9)])[1] & {"order_id__unique", "order_id__required", "state__enum"}


def test_row_counts_and_pauses_are_told_from_enough_batches_only() -> None:
    few, _ = written([orders(20, day) for day in range(1, 5)])
    assert "mustBeGreaterThan: 0" in few
    assert "slaProperties" not in few
    many, _ = written([orders(20, day) for day in (1, 2, 3, 4, 7)])
    assert "mustBeBetween: [10, 40]" in many
    assert "value: 6  # the longest pause between 5 batches was 3 d" in many
    contracts, _ = compile_document(parse_document(many))
    assert contracts[0].sla.frequency == timedelta(days=6)
