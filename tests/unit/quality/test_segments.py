import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.quality.segments import Measure, SegmentState, contributions, explain

STATES = st.dictionaries(
    st.sampled_from("abcde"),
    st.builds(SegmentState, st.integers(0, 1000).map(float), st.floats(-100, 100)),
    min_size=1,
)


def measure_of(states: dict[str, SegmentState], measure: Measure) -> float:
    rows = sum(state.count for state in states.values())
    if measure == "count":
        return rows
    total = sum(state.count * state.mean for state in states.values())
    return total if measure == "sum" else total / rows


@given(STATES, STATES, st.sampled_from(["count", "sum", "mean"]))
def test_the_parts_add_up_to_the_whole_change(
    before: dict[str, SegmentState], after: dict[str, SegmentState], measure: Measure
) -> None:
    if measure == "mean" and not (measure_of(before, "count") and measure_of(after, "count")):
        return
    parts = contributions(before, after, measure)
    whole = measure_of(after, measure) - measure_of(before, measure)
    assert sum(part.change for part in parts) == pytest.approx(whole, abs=1e-6)


def test_the_guilty_segment_is_named_with_its_share() -> None:
    before = {"SP": SegmentState(100), "RJ": SegmentState(50), "MG": SegmentState(30)}
    after = {"SP": SegmentState(17), "RJ": SegmentState(33), "MG": SegmentState(30)}
    assert (
        explain(contributions(before, after)) == "SP explains 83 % of the drop; RJ explains 17 % of the drop"
    )


def test_a_mean_can_change_by_mix_alone() -> None:
    before = {"a": SegmentState(50, 1.0), "b": SegmentState(50, 3.0)}
    after = {"a": SegmentState(90, 1.0), "b": SegmentState(10, 3.0)}
    parts = contributions(before, after, "mean")
    assert all(part.value_effect == 0 for part in parts)
    assert explain(parts, "city").startswith("city=")


def test_nothing_changed() -> None:
    same = {"a": SegmentState(5, 1.0)}
    assert explain(contributions(same, same, "mean")) == "no change"
