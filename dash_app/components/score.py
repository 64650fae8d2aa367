"""Health scores: a number from 0 to 100, with its sign and word."""

from dash import html

from dash_app.components.status import Mark, badge
from dqm_assets.quality.scorecard import GOOD_FROM, WARNING_FROM


def score_mark(score: float | None) -> Mark:
    """Find how a score is shown."""
    if score is None:
        return Mark("–", "No score", "neutral")
    if score >= GOOD_FROM:
        return Mark("✓", "Healthy", "good")
    return Mark("▲", "Warning", "warn") if score >= WARNING_FROM else Mark("✕", "Failing", "fail")


def score_text(score: float | None) -> str:
    """Write a score without decimals; only a whole 100 is written 100."""
    return "–" if score is None else f"{min(int(score), 99) if score < 100 else 100}"  # noqa: PLR2004 - the top


def score_pill(score: float | None) -> html.Span:
    """Show a score as a small number in its colour, its word in the tooltip."""
    mark = score_mark(score)
    return html.Span(
        [html.Span(mark.sign, className="badge-sign", **{"aria-hidden": "true"}), score_text(score)],
        className=f"badge badge-{mark.tone} score-pill",
        title=mark.word,
    )


def score_badge(score: float | None) -> html.Span:
    """Show a score's sign and word."""
    return badge(score_mark(score))
