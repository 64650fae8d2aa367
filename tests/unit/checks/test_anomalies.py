"""One check for everything that is judged: which series are out, how far, with a plot."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from dqm_assets.checks.anomalies import anomalies_result
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.judged_value import JudgedValue

_KEY = dg.AssetKey("registry")
_START = datetime(2026, 3, 1, tzinfo=UTC)


def _value(i: int, verdict: str, score: float = 0.5, column: str = "price") -> JudgedValue:
    series = SeriesKey("orders", column, "", "null_fraction", "run_metric")
    ts = _START + timedelta(days=i)
    return JudgedValue(series, f"r{i}", ts, 0.12, 0.005, 0.0, 0.01, score, verdict, i, 8)


def test_anomalies_are_listed_in_words_and_the_furthest_is_plotted() -> None:
    asked: list[str] = []

    def history(series: SeriesKey, until: datetime) -> list[JudgedValue]:
        asked.append(series.column_name)
        return [_value(i, "normal") for i in range(9)]

    judged = [
        _value(9, "anomalous", 5.0),
        _value(9, "anomalous", 9.0, "weight"),
        _value(9, "normal", 1.0, "id"),
    ]
    result = anomalies_result(judged, history, asset_key=_KEY, check_name="anomalies")
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert asked == ["weight"]
    assert result.description == (
        "2 of 3 judged values out of band: "
        "share of nulls of weight in orders is 12 %, expected 0 % to 1 % (r9)."
    )
    assert "data:image/png" in str(result.metadata["plot"].value)
    assert "share of nulls of price" in str(result.metadata["anomalies"].value)


def test_while_all_series_learn_it_says_how_far_they_are() -> None:
    result = anomalies_result([_value(5, "learning")], lambda *_: [], asset_key=_KEY, check_name="anomalies")
    assert result.passed
    assert result.description == "Learning, 5 of 8 points."


def test_without_anything_judged_it_passes_and_says_so() -> None:
    result = anomalies_result([], lambda *_: [], asset_key=_KEY, check_name="anomalies")
    assert (result.passed, result.description) == (True, "Nothing is judged yet.")
