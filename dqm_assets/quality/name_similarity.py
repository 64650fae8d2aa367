"""How alike two names are: spelling, case, separators, abbreviation."""

import re
from difflib import SequenceMatcher

_WORDS = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: A shared beginning of this many letters makes one name an abbreviation of the other.
_ABBREVIATION = 3
_ABBREVIATED, _CONTAINED = 0.9, 0.85


def name_similarity(first: str, second: str) -> float:
    """Return 1 for names that differ only in case and separators, 0 for names that share nothing.

    ``Province/State`` and ``Province_State`` give 1; ``Lat`` and ``Latitude`` 0.9 (the beginning of
    the other); ``China`` and ``Mainland China`` 0.85 (words of the other); anything else the ratio
    of Ratcliff and Obershelp over the letters.
    """
    one, two = _words(first), _words(second)
    joined_one, joined_two = "".join(one), "".join(two)
    if joined_one == joined_two:
        return 1.0
    short, long = sorted((joined_one, joined_two), key=len)
    if len(short) >= _ABBREVIATION and long.startswith(short):
        return _ABBREVIATED
    fewer, more = sorted((one, two), key=len)
    if fewer and len("".join(fewer)) >= _ABBREVIATION and set(fewer) < set(more):
        return _CONTAINED
    return SequenceMatcher(None, joined_one, joined_two).ratio()


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(_CAMEL.sub(" ", name))]
