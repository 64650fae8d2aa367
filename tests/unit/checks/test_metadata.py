"""Markdown tables hold any cell."""

from dqm_assets.checks.metadata import markdown_table


def test_pipes_and_line_breaks_do_not_break_a_table() -> None:
    lines = markdown_table(("a", "b"), [("x|y", "one\ntwo")]).splitlines()
    assert lines == ["| a | b |", "| --- | --- |", "| x\\|y | one two |"]


def test_numbers_are_short_and_what_is_left_out_is_counted() -> None:
    text = markdown_table(("n",), [(1 / 3,), (12,)], total=5)
    assert "| 0.333333 |" in text
    assert text.endswith("… and 3 more.")
    assert "more" not in markdown_table(("n",), [(1,)], total=1)
