"""Names of columns and tables as the store takes them."""

import re
import unicodedata
from collections.abc import Collection, Sequence

#: Longest name; PostgreSQL, which holds the catalog, cuts identifiers at 63 bytes.
NAME_LIMIT = 63

_NOT_WORD = re.compile(r"\W+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def column_name(written: str) -> str:
    """Normalise a column's name: ``Province/State`` and ``ProvinceState`` become ``province_state``.

    Unicode is composed (NFKC), a capital after a small letter starts a word, runs of anything
    but letters and digits become one ``_``, ends are trimmed, and all is lower case. Letters
    of any script stay. A name never starts with ``_`` (reserved for dqm's own columns) and
    has at most 63 bytes. Nothing left gives an empty name: see ``unique_names``.
    """
    text = unicodedata.normalize("NFKC", written)
    words = _NOT_WORD.sub("_", _CAMEL.sub("_", text)).lower()
    return _bounded(re.sub(r"_+", "_", words).strip("_"))


def unique_names(written: Sequence[str], declared: Collection[str] = ()) -> tuple[str, ...]:
    """Normalise all names of a file and make them unique.

    An empty name becomes ``column_<position>`` (from 1), a name met before gets ``_2``,
    ``_3``, … in file order. A name that a contract declares is spelled as declared.
    """
    spelled = {column_name(name): name for name in declared}
    names: list[str] = []
    taken: set[str] = set()
    for position, text in enumerate(written, start=1):
        wanted = column_name(text) or f"column_{position}"
        name, count = wanted, 1
        while name in taken:
            count += 1
            name = f"{_bounded(wanted, len(str(count)) + 1)}_{count}"
        taken.add(name)
        names.append(spelled.get(name, name))
    return tuple(names)


def table_name(dataset: str) -> str:
    """Turn a dataset's folder name into a table's: ``covid-daily-reports`` becomes ``covid_daily_reports``.

    As ``column_name``, but ASCII only (accents dropped, other scripts as their code points),
    and ``t_`` before a leading digit, so that it never needs quoting.
    """
    decomposed = unicodedata.normalize("NFKD", dataset)
    letters = (c if c.isascii() else f"_{ord(c):x}_" for c in decomposed if not unicodedata.combining(c))
    name = re.sub(r"[^a-z0-9]+", "_", "".join(letters).lower()).strip("_") or "unnamed"
    return _bounded(f"t_{name}" if name[0].isdigit() else name)


def _bounded(name: str, room: int = 0) -> str:
    return name.encode("utf-8")[: NAME_LIMIT - room].decode("utf-8", errors="ignore").rstrip("_")
