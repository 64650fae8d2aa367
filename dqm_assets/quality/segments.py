"""What changed: which segments explain the change of a count, a sum or a mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Measure = Literal["count", "sum", "mean"]


@dataclass(frozen=True)
class SegmentState:
    """Rows and mean of one segment in one batch (or in a merge of batches, then rows per batch)."""

    count: float
    mean: float = 0.0


@dataclass(frozen=True)
class Contribution:
    """Part of a change that one segment explains.

    Attributes:
        change: in the unit of the measure; the changes of all segments add up to the whole change.
        share: part of the whole change; may be negative or above 1 when segments moved against each other.
        size_effect: part of ``change`` that comes from the segment having more or fewer rows.
        value_effect: part of ``change`` that comes from its values being different.
    """

    segment: str
    before: SegmentState
    after: SegmentState
    change: float
    share: float
    size_effect: float
    value_effect: float


@dataclass(frozen=True)
class Explanation:
    """Why a metric changed: in words, and the parts they rest on, largest first."""

    text: str
    parts: tuple[Contribution, ...] = ()


def contributions(
    before: Mapping[str, SegmentState], after: Mapping[str, SegmentState], measure: Measure = "count"
) -> tuple[Contribution, ...]:
    """Split the change of a measure exactly over its segments, largest part first.

    count: n₁ − n₀. sum: n·m split at the mid-points (Marshall–Edgeworth). mean: a segment of weight w and
    mean m adds (w₁ − w₀)(m̄ − M₀) + w̄(m₁ − m₀), w̄ and m̄ being averages of before and after and M₀ the old
    mean: the mid-point shift-share decomposition, which has no residual.

    Args:
        before, after: states per segment; a segment that is missing on one side has no rows there.
        measure: what changed.
    """
    segments = sorted(set(before) | set(after))
    none = SegmentState(0.0)
    pairs = [(name, before.get(name, none), after.get(name, none)) for name in segments]
    rows = (sum(p[1].count for p in pairs), sum(p[2].count for p in pairs))
    old_mean = sum(p[1].count * p[1].mean for p in pairs) / rows[0] if rows[0] else 0.0
    parts = [(name, old, new, *_effects(old, new, rows, old_mean, measure)) for name, old, new in pairs]
    total = sum(part[3] + part[4] for part in parts)
    split = (
        Contribution(name, old, new, size + value, (size + value) / total if total else 0.0, size, value)
        for name, old, new, size, value in parts
    )
    return tuple(sorted(split, key=lambda part: -abs(part.change)))


def _effects(
    old: SegmentState, new: SegmentState, rows: tuple[float, float], old_mean: float, measure: Measure
) -> tuple[float, float]:
    """Size and value effect of one segment."""
    if measure == "count":
        return new.count - old.count, 0.0
    old_value = old.mean if old.count else new.mean
    new_value = new.mean if new.count else old.mean
    middle = (old_value + new_value) / 2
    if measure == "sum":
        return (new.count - old.count) * middle, (old.count + new.count) / 2 * (new_value - old_value)
    old_weight = old.count / rows[0] if rows[0] else 0.0
    new_weight = new.count / rows[1] if rows[1] else 0.0
    size = (new_weight - old_weight) * (middle - old_mean)
    return size, (old_weight + new_weight) / 2 * (new_value - old_value)


def explain(parts: tuple[Contribution, ...], column: str = "", least: float = 0.1, most: int = 3) -> str:
    """Say who explains the change, such as "SP explains 83 % of the drop".

    Args:
        parts: the result of ``contributions``.
        column: name of the segmenting column, put before each segment when given.
        least: smallest share worth naming.
        most: at most so many segments are named.
    """
    total = sum(part.change for part in parts)
    if total == 0:
        return "no change"
    word = "rise" if total > 0 else "drop"
    prefix = f"{column}=" if column else ""
    named = [part for part in parts if part.share >= least][:most]
    if not named:
        return f"no single segment explains the {word}"
    first, *others = (f"{prefix}{part.segment} explains {part.share:.0%} of the {word}" for part in named)
    return "; ".join([first.replace("%", " %"), *(other.replace("%", " %") for other in others)])
