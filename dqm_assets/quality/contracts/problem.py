"""A fault in a contract file, with the place where it stands."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding of the linter; ``str()`` is the usual ``file:line:column: severity: message``."""

    #: Line and column, both counted from 1.
    line: int
    column: int
    #: Place in the document, e.g. ``schema[0].properties[2].logicalType``.
    path: str
    message: str
    #: An ``error`` keeps the contract from loading; a ``warning`` names what is not enforced.
    severity: Literal["error", "warning"] = "error"
    file: str = ""

    def __str__(self) -> str:
        """Return the line that editors and people can jump from."""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message}"


def nearest(word: str, known: list[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the most similar known word, or the empty string."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""
