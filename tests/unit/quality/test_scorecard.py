"""Health scores: what each part says, and how they come together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.errors import SettingsError
from dqm_assets.quality.scorecard import PARTS, PENALTIES, WEIGHTS, Measured, score_of, weights_of

GOOD = Measured(
    nulls=0.0,
    checks=40,
    rows=1000,
    judged=30,
    volume_judged=5,
    schemas=5,
    age=600.0,
    interval=3600.0,
)


def replaced(**fields: object) -> Measured:
    return Measured(**{**vars(GOOD), **fields})  # ty: ignore[invalid-argument-type]


def test_a_dataset_with_nothing_wrong_scores_a_hundred_and_knows_every_part() -> None:
    score = score_of(GOOD)
    assert score is not None
    assert score.score == 100
    assert tuple(score.parts) == PARTS


@pytest.mark.parametrize(
    ("part", "worse", "share"),
    [
        ("completeness", {"nulls": 0.25}, 0.75),
        ("validity", {"failed_checks": 4}, 0.9),
        ("validity", {"rows_quarantined": 100}, 0.9),
        ("validity", {"anomalous": 3}, 0.9),
        ("freshness", {"age": 2.5 * 3600}, 0.5),
        ("freshness", {"age": 40 * 3600}, 0.0),
        ("volume", {"volume_anomalous": 1}, 0.8),
        ("schema", {"breaking_schemas": 2}, 0.6),
        ("alerts", {"open_alerts": ("error", "error")}, 0.49),
    ],
)
def test_each_fault_lowers_its_own_part_and_the_score_by_its_weight(part, worse, share) -> None:
    score = score_of(replaced(**worse))
    assert score is not None
    assert score.parts[part] == pytest.approx(share)
    assert all(value == 1 for name, value in score.parts.items() if name != part)
    assert score.score == pytest.approx(100 - WEIGHTS[part] * (1 - share), abs=0.01)


def test_a_part_that_nothing_is_known_of_is_left_out_and_the_others_share_its_weight() -> None:
    score = score_of(Measured(nulls=0.5))
    assert score is not None
    assert set(score.parts) == {"completeness", "alerts"}
    assert score.score == pytest.approx(100 * (15 * 0.5 + 25) / 40)


def test_a_dataset_of_which_nothing_is_known_has_no_score() -> None:
    assert score_of(Measured()) is None
    assert score_of(Measured(open_alerts=("critical",))) is not None


@given(
    nulls=st.floats(0, 1),
    failed=st.integers(0, 40),
    age=st.floats(0, 1e9),
    alerts=st.lists(st.sampled_from(sorted(PENALTIES)), max_size=8),
)
def test_a_score_lies_between_nought_and_a_hundred_and_another_alert_never_raises_it(
    nulls, failed, age, alerts
) -> None:
    score = score_of(replaced(nulls=nulls, failed_checks=failed, age=age, open_alerts=alerts))
    more = score_of(replaced(nulls=nulls, failed_checks=failed, age=age, open_alerts=[*alerts, "info"]))
    assert score is not None
    assert more is not None
    assert 0 <= more.score <= score.score <= 100


def test_weights_can_be_changed_one_by_one() -> None:
    weights = weights_of("freshness=0, alerts = 50.5")

    assert weights == {**WEIGHTS, "freshness": 0.0, "alerts": 50.5}
    late = score_of(replaced(age=40 * 3600), weights)
    assert late is not None
    assert late.score == 100, "what weighs nothing takes nothing"
    assert late.parts["freshness"] == 0, "and is still shown"
    assert score_of(Measured(), weights_of("alerts=0")) is None


@pytest.mark.parametrize(
    "wrong",
    ["fresh=1", "alerts", "alerts=-1", "alerts=many", "alerts=1 volume=2", ",".join(f"{p}=0" for p in PARTS)],
)
def test_a_weight_that_cannot_be_used_is_one_clear_line(wrong: str) -> None:
    with pytest.raises(SettingsError, match="DQM_SCORE_WEIGHTS") as told:
        weights_of(wrong)
    assert "\n" not in str(told.value)
