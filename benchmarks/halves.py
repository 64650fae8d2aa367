"""Two halves of a labelled corpus, by a hash of the file name: one to design on, one to confirm on."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePath

HALVES = ("half_a", "half_b")


def half_of(name: str) -> str:
    """Which half a file belongs to."""
    return HALVES[hashlib.md5(PurePath(name).stem.encode(), usedforsecurity=False).digest()[0] & 1]


def rows_of(names: Sequence[str], half: str) -> list[int]:
    """Places of the files of one half."""
    return [i for i, name in enumerate(names) if half_of(name) == half]
