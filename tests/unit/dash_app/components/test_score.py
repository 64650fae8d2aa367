"""Scores as people read them."""

import pytest

from dash_app.components.score import score_mark, score_text


@pytest.mark.parametrize(
    ("score", "text", "word"),
    [
        (None, "–", "No score"),
        (100.0, "100", "Healthy"),
        (99.99, "99", "Healthy"),
        (90.0, "90", "Healthy"),
        (89.9, "89", "Warning"),
        (74.9, "74", "Failing"),
        (0.0, "0", "Failing"),
    ],
)
def test_a_score_is_cut_not_rounded_so_that_a_hundred_means_nothing_is_wrong(score, text, word) -> None:
    assert score_text(score) == text
    assert score_mark(score).word == word
