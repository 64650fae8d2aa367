"""Drift of a column's categories: values that vanished, appeared, or probably changed their name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dqm_assets.quality.name_similarity import name_similarity
from dqm_assets.quality.pairing import pair_alike

#: A category below this share of the rows comes and goes without being news.
SHARE = 0.05
#: Names alike from here on, and shares within this factor, make a rename.
_ALIKE, _FACTOR = 0.7, 3.0
#: Stands for the rows of all values that are not listed: it counts in the shares and is never news.
OTHERS = "\u2026"


@dataclass(frozen=True)
class CategoryChange:
    """A category that mattered and is gone, is new and matters, or goes by another name."""

    kind: Literal["vanished", "appeared", "renamed"]
    value: str
    share_before: float
    share_after: float
    #: The new name of a renamed category.
    now: str = ""

    @property
    def message(self) -> str:
        """Say the change in one sentence."""
        if self.kind == "renamed":
            return f"{self.value!r} is probably called {self.now!r} now ({self.share_after:.0%} of the rows)"
        if self.kind == "vanished":
            return f"{self.value!r} had {self.share_before:.0%} of the rows and has {self.share_after:.0%}"
        return f"{self.value!r} is new and has {self.share_after:.0%} of the rows"


def category_changes(
    before: Mapping[str, int], after: Mapping[str, int], share: float = SHARE
) -> list[CategoryChange]:
    """Compare the value counts of a column in two batches.

    A category counts as gone when it had at least ``share`` of the rows and keeps less than a
    tenth of that share, and as new the other way round.

    Args:
        before: rows per value in the earlier batch; `OTHERS` is the rest.
        after: rows per value in the later batch.
        share: smallest share of the rows that makes a category matter, 0 to 1.
    """
    old, new = _shares(before), _shares(after)
    gone = [value for value in old if old[value] >= share and new.get(value, 0.0) < old[value] / 10]
    fresh = [value for value in new if new[value] >= share and old.get(value, 0.0) < new[value] / 10]

    def alike(first: str, second: str) -> float:
        ratio = old[first] / new[second]
        return name_similarity(first, second) if 1 / _FACTOR <= ratio <= _FACTOR else 0.0

    gone, fresh = [v for v in gone if v != OTHERS], [v for v in fresh if v != OTHERS]
    pairs = pair_alike(gone, fresh, alike, _ALIKE)
    paired_old, paired_new = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return [
        *(CategoryChange("renamed", a, old[a], new[b], b) for a, b, _ in pairs),
        *(CategoryChange("vanished", v, old[v], new.get(v, 0.0)) for v in gone if v not in paired_old),
        *(CategoryChange("appeared", v, old.get(v, 0.0), new[v]) for v in fresh if v not in paired_new),
    ]


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {value: count / total for value, count in counts.items()} if total else {}
