import pyarrow as pa
import pytest

from dqm_assets.quality.contracts.authoring import write_contract
from dqm_assets.quality.contracts.document import parse_document
from dqm_assets.quality.contracts.facts import column_facts
from dqm_assets.quality.contracts.load import compile_document

ROWS = 300


def written(batches: list[pa.Table]) -> tuple[str, set[str]]:
    """The text of the contract, and the ids of its clauses."""
    text = write_contract("t", column_facts(batches), [batch.num_rows for batch in batches])
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
    assert {"state__invalidValues", "state__minLength", "note__nullValues", "code__unique"} <= clauses
    assert "note__required" not in clauses
    assert "at most 10.0 percent of a batch were missing" in text
