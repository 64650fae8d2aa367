import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqm_assets.quality.contracts.arrow_keys import OrderedKeys, repeated_keys
from dqm_assets.quality.contracts.arrow_masks import ArrowColumn, failing_mask
from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.conditions.multiple import MultipleOf

SMALLEST, LARGEST = -(2**63), 2**63 - 1
_NUMBERS = st.integers(SMALLEST, LARGEST) | st.integers(-50, 50) | st.sampled_from([SMALLEST, LARGEST])
_STEPS = st.integers(1, LARGEST) | st.integers(1, 20) | st.integers(0, 62).map(lambda bits: 2**bits)


@settings(deadline=None)
@given(st.lists(_NUMBERS | st.none(), max_size=70), _STEPS, st.integers(0, 20))
def test_no_multiple_is_missed_at_any_step_and_any_number(
    values: list[int | None], step: int, cut: int
) -> None:
    whole = pa.array(values, pa.int64())
    column = ArrowColumn(pa.chunked_array([whole.slice(0, cut), whole.slice(cut)]))
    mask = failing_mask(column, MultipleOf(step), JudgedColumn("n", "BIGINT", "n", "n", "BIGINT"))
    assert mask is not None
    found = [bool(fails) for fails in mask.to_pylist()]
    assert found == [value is not None and value % step != 0 for value in values]


@pytest.mark.parametrize("kind", [pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint32()], ids=str)
def test_a_step_may_be_larger_than_its_column_can_hold(kind: pa.DataType) -> None:
    column = ArrowColumn(pa.chunked_array([pa.array([0, 100], kind)]))
    mask = failing_mask(column, MultipleOf(5_000_000_000), JudgedColumn("n", "BIGINT", "n", "n", "BIGINT"))
    assert mask is not None
    assert mask.to_pylist() == [False, True]


@settings(deadline=None)
@given(st.lists(st.integers(-5, 5) | st.sampled_from([SMALLEST, LARGEST]), max_size=60), st.integers(0, 20))
def test_repeats_are_counted_alike_in_order_and_out_of_it(values: list[int], cut: int) -> None:
    # A span that is too wide for places is left to DuckDB when the values are not in order.
    for ordered in (sorted(values), values):
        whole = pa.array(ordered, pa.int64())
        found = repeated_keys(pa.chunked_array([whole.slice(0, cut), whole.slice(cut)]), 10)
        if found is None:
            assert ordered == values
            continue
        repeated = {value for value in ordered if ordered.count(value) > 1}
        assert found.rows == len(ordered) - len(set(ordered))
        assert set(np.array(ordered)[found.examples].tolist()) <= repeated
        assert bool(len(found.examples)) == bool(repeated)


def test_keys_in_order_are_counted_over_batches_and_given_up_when_one_falls() -> None:
    keys = OrderedKeys(3)
    batches = [
        pa.chunked_array([pa.array(part, pa.int32())]) for part in ([], [1, 2, 2], [2, 3], [3, 3, 4], [0])
    ]
    found = [keys.add(batch) for batch in batches]
    assert [one and (one.rows, one.examples.tolist()) for one in found] == [
        (0, []),
        (1, [1, 2]),
        (1, [0]),
        (2, [0, 1]),
        None,
    ]
