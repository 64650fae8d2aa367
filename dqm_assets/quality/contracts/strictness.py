"""Whether a changed clause promises less than before."""

from typing import Literal

from dqm_assets.quality.contracts.clause import Clause
from dqm_assets.quality.contracts.conditions.base import PythonCondition
from dqm_assets.quality.contracts.conditions.bounds import Bound
from dqm_assets.quality.contracts.conditions.length import Length
from dqm_assets.quality.contracts.conditions.membership import OneOf
from dqm_assets.quality.contracts.conditions.multiple import MultipleOf
from dqm_assets.quality.contracts.conditions.nested import ItemCount
from dqm_assets.quality.contracts.measure import FailingRows
from dqm_assets.quality.contracts.threshold import Threshold

#: ``looser`` lets through data that was kept out; ``other`` cannot be ordered and is taken for that.
Direction = Literal["same", "stricter", "looser", "other"]
_UPPER = {"mustBeLessThan", "mustBeLessOrEqualTo"}
_LOWER = {"mustBeGreaterThan", "mustBeGreaterOrEqualTo"}


def direction(old: Clause, new: Clause) -> Direction:
    """Compare two versions of a clause: what it measures, then its threshold."""
    if isinstance(old.measure, FailingRows) and isinstance(new.measure, FailingRows):
        first = _conditions(old.measure.condition, new.measure.condition)
    else:
        first = "same" if old.measure == new.measure else "other"
    return _both(first, _thresholds(old.threshold, new.threshold))


def _both(first: Direction, second: Direction) -> Direction:
    if first == "same":
        return second
    return first if second in {"same", first} else "other"


def _conditions(old: PythonCondition, new: PythonCondition) -> Direction:
    if old == new:
        return "same"
    match old, new:
        case Bound(), Bound() if old.comparison == new.comparison:
            return _limits(old.limit, new.limit, upper=old.comparison.startswith("<"))
        case (Length(), Length()) | (ItemCount(), ItemCount()):
            return _range(old.minimum, old.maximum, new.minimum, new.maximum)
        case OneOf(), OneOf():
            return _sets(set(old.values), set(new.values))
        case MultipleOf(), MultipleOf():
            whole = float(new.step / old.step).is_integer()
            return "stricter" if whole else "other"
    return "other"


def _thresholds(old: Threshold, new: Threshold) -> Direction:
    if old == new:
        return "same"
    if old.operator != new.operator or old.unit != new.unit:
        return "other"
    if old.operator in _UPPER | _LOWER:
        return _limits(old.limit, new.limit, upper=old.operator in _UPPER)
    if old.operator == "mustBeBetween":
        return _range(*old.limit, *new.limit)
    return "other"


def _limits(old: object, new: object, *, upper: bool) -> Direction:
    try:
        higher = new > old  # ty: ignore[unsupported-operator]
    except TypeError:
        return "other"
    if old == new:
        return "same"
    return "looser" if higher == upper else "stricter"


def _range(low: float | None, high: float | None, new_low: float | None, new_high: float | None) -> Direction:
    infinite = float("inf")
    one = _limits(-infinite if low is None else low, -infinite if new_low is None else new_low, upper=False)
    two = _limits(infinite if high is None else high, infinite if new_high is None else new_high, upper=True)
    return _both(one, two)


def _sets(old: set[object], new: set[object]) -> Direction:
    if new < old:
        return "stricter"
    return "looser" if new > old else "other"
