"""What series, values and bands are called by people."""

import math

import pytest

from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.metric_words import METRIC_WORDS, band_words, metric_words, title_of, value_words


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        ("null_fraction", 0.12, "12 %"),
        ("row_count", 12_345.0, "12,345"),
        ("row_count", 12.5, "12.5"),
        ("mean", 3.14159, "3.142"),
        ("age_seconds", 7_200.0, "2 hours"),
        ("age_seconds", 30.0, "30 seconds"),
        ("unheard_of_rate", 0.5, "50 %"),
        ("mean", math.nan, "–"),
        ("row_count", math.inf, "inf"),
    ],
)
def test_values_are_written_in_the_unit_of_their_metric(metric: str, value: float, words: str) -> None:
    assert value_words(metric, value) == words


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (0.0, 0.01, "0 % to 1 %"),
        (0.2, math.inf, "at least 20 %"),
        (-math.inf, 0.2, "at most 20 %"),
        (math.nan, math.nan, ""),
    ],
)
def test_bands_say_which_sides_they_have(lower: float, upper: float, words: str) -> None:
    assert band_words("null_fraction", lower, upper) == words


def test_a_title_names_metric_column_dataset_and_segment() -> None:
    series = SeriesKey("orders", "price", "SP", "null_fraction", "run_metric")
    assert title_of(series, 0.12, 0.0, 0.01) == (
        "Share of nulls of price in orders, SP is 12 %, expected 0 % to 1 %"
    )
    rule = SeriesKey("orders", "", "", "price_positive", "contract")
    assert title_of(rule, 3.0, math.nan, math.nan) == "Price positive in orders is 3"


def test_no_metric_is_called_by_its_raw_name() -> None:
    assert not [name for name in METRIC_WORDS if "_" in metric_words(name)]
