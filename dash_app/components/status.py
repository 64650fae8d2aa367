"""Status marks: always a sign and a word, never colour alone."""

from dataclasses import dataclass
from typing import Literal

from dash import html

Tone = Literal["good", "warn", "fail", "neutral"]


@dataclass(frozen=True, slots=True)
class Mark:
    """How a status is shown."""

    sign: str
    word: str
    tone: Tone


RUN_MARKS = {
    "GOOD": Mark("✓", "Good", "good"),
    "BAD": Mark("✕", "Bad", "fail"),
    "QUARANTINED": Mark("▲", "Quarantined", "warn"),
    "BLOCKED": Mark("▲", "Blocked", "warn"),
    "LOADED": Mark("○", "Not judged", "neutral"),
}
SEVERITY_MARKS = {
    "critical": Mark("✕", "Critical", "fail"),
    "error": Mark("✕", "Error", "fail"),
    "warning": Mark("▲", "Warning", "warn"),
    "info": Mark("●", "Info", "good"),
}
ALERT_MARKS = {
    "open": Mark("✕", "Open", "fail"),
    "acknowledged": Mark("▲", "Acknowledged", "warn"),
    "muted": Mark("○", "Muted", "neutral"),
    "resolved": Mark("✓", "Resolved", "good"),
}
CHECK_MARKS = {
    "passed": Mark("✓", "Passed", "good"),
    "failed": Mark("✕", "Failed", "fail"),
}
VERDICT_MARKS = {
    "normal": Mark("✓", "Normal", "good"),
    "anomalous": Mark("✕", "Out of range", "fail"),
    "learning": Mark("○", "Learning", "neutral"),
}
CHANGE_MARKS = {
    "breaking": Mark("✕", "Breaks readers", "fail"),
    "harmless": Mark("○", "Harmless", "neutral"),
}
STATEMENT_MARKS = {
    "enforced": Mark("✓", "Enforced", "good"),
    "carried": Mark("○", "Carried", "neutral"),
    "refused": Mark("▲", "Refused", "warn"),
}
FIT_MARKS = {
    "as stated": Mark("✓", "As stated", "good"),
    "other type": Mark("▲", "Other type", "warn"),
    "not stated": Mark("○", "Not stated", "neutral"),
    "missing": Mark("✕", "Missing", "fail"),
}
MUTATION_MARKS = {
    "caught": Mark("✓", "Caught", "good"),
    "survived": Mark("✕", "Survived", "fail"),
    "fails already": Mark("▲", "Fails already", "warn"),
}
OUTCOME_MARKS = {
    "stays": Mark("○", "Stays", "neutral"),
    "goes": Mark("✓", "Goes", "good"),
    "lost": Mark("✕", "Lost", "fail"),
}
PIPELINE_MARKS = {
    "SUCCESS": Mark("✓", "Success", "good"),
    "FAILED": Mark("✕", "Failed", "fail"),
}


def mark_of(marks: dict[str, Mark], status: str | None) -> Mark:
    """Find how a status is shown; one that is not known is shown as it stands."""
    if not status:
        return Mark("–", "No data", "neutral")
    return marks.get(status, Mark("●", status, "neutral"))


def badge(mark: Mark) -> html.Span:
    """Show a mark as a small pill."""
    return html.Span(
        [html.Span(mark.sign, className="badge-sign", **{"aria-hidden": "true"}), mark.word],
        className=f"badge badge-{mark.tone}",
    )
