"""Pairing what is gone with what is new: each at most once, the most alike first."""

from collections.abc import Callable, Sequence


def pair_alike(
    gone: Sequence[str], new: Sequence[str], similarity: Callable[[str, str], float], threshold: float
) -> list[tuple[str, str, float]]:
    """Return (gone, new, similarity) for pairs at or above the threshold, most alike first.

    Ties go to the order given, so that the result never depends on hashing.
    """
    scored = [
        (-similarity(old, fresh), row, column, old, fresh)
        for row, old in enumerate(gone)
        for column, fresh in enumerate(new)
    ]
    pairs: list[tuple[str, str, float]] = []
    taken_old: set[str] = set()
    taken_new: set[str] = set()
    for negative, _, _, old, fresh in sorted(scored):
        if -negative >= threshold and old not in taken_old and fresh not in taken_new:
            pairs.append((old, fresh, -negative))
            taken_old.add(old)
            taken_new.add(fresh)
    return pairs
