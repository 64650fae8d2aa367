import pytest

from benchmarks.false_alerts import KINDS, realised


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_gives_no_more_false_alerts_than_asked_for(kind: str) -> None:
    assert realised("ensemble", kind, 100.0, 3000, 3) <= 1.3


@pytest.mark.parametrize("method", ["robust", "seasonal", "zscore"])
@pytest.mark.parametrize("kind", ["gaussian", "ar1"])
def test_intervals_give_about_as_many_false_alerts_as_asked_for(method: str, kind: str) -> None:
    assert 0.5 <= realised(method, kind, 100.0, 3000, 5) <= 2.0
