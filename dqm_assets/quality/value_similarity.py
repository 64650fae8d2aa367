"""How alike the values of two columns are, told from their profiles alone."""

from collections.abc import Sequence
from typing import Any, Protocol

#: Quantiles that stand for a distribution of numbers.
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class ValueProfile(Protocol):
    """What is needed of a column profile (`dqm_assets.quality.profile.ColumnProfile` has it)."""

    @property
    def kind(self) -> str:
        """``number``, ``string``, ``time``, …"""
        ...

    def quantile(self, q: float) -> float:
        """Return a quantile of a number column."""
        ...

    def top_k(self) -> Sequence[Any]:
        """Return (value, count, error) of the most frequent strings."""
        ...


def value_similarity(first: ValueProfile, second: ValueProfile) -> float:
    """Return 1 for the same distribution, 0 for values that have nothing in common.

    Numbers: 1 minus the mean difference of five quantiles over the larger spread, at least 0.
    Strings: the share of the more frequent values of one that the other has too (weighted Jaccard).
    Times and booleans say nothing about a column's identity and give 0.5 when both are of that kind.
    """
    if first.kind != second.kind:
        return 0.0
    if first.kind == "number":
        return _quantile_overlap(first, second)
    if first.kind == "string":
        return _shared_share(first.top_k(), second.top_k())
    return 0.5


def distinctive(values: ValueProfile) -> bool:
    """Tell whether values could speak for a column by themselves: numbers or texts, and not all the same."""
    if values.kind == "number":
        return values.quantile(_QUANTILES[0]) < values.quantile(_QUANTILES[-1])
    return values.kind == "string" and len(values.top_k()) > 1


def _quantile_overlap(first: ValueProfile, second: ValueProfile) -> float:
    one = [first.quantile(q) for q in _QUANTILES]
    two = [second.quantile(q) for q in _QUANTILES]
    spread = max(one[-1] - one[0], two[-1] - two[0])
    difference = sum(abs(a - b) for a, b in zip(one, two, strict=True)) / len(_QUANTILES)
    if spread == 0:
        return 1.0 if difference == 0 else 0.0
    return max(0.0, 1.0 - difference / spread)


def _shared_share(first: Sequence[Any], second: Sequence[Any]) -> float:
    one, two = _shares(first), _shares(second)
    if not one or not two:
        return 0.0
    keys = one.keys() | two.keys()
    both = sum(min(one.get(key, 0.0), two.get(key, 0.0)) for key in keys)
    either = sum(max(one.get(key, 0.0), two.get(key, 0.0)) for key in keys)
    return both / either


def _shares(top: Sequence[Any]) -> dict[Any, float]:
    total = sum(entry[1] for entry in top)
    return {entry[0]: entry[1] / total for entry in top} if total else {}
