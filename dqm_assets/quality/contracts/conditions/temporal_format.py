"""Dates and times written in the contract's own format (JDK DateTimeFormatter letters)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.logical_type import family
from dqm_assets.quality.contracts.sql_text import text

if TYPE_CHECKING:
    import pandas as pd

#: JDK letters and their strptime directive; those left out are refused by name.
DIRECTIVES = {
    "yyyy": "%Y", "uuuu": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m",
    "dd": "%d", "d": "%-d", "DDD": "%j", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I",
    "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g", "SSSSSS": "%f", "a": "%p",
    "EEEE": "%A", "EEE": "%a", "E": "%a", "Z": "%z", "XXX": "%z", "XX": "%z", "X": "%z",
    "VV": "%Z",
}  # fmt: skip
_TOKEN = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)")


def strptime_format(jdk: str) -> str:
    """Translate a JDK pattern to a strptime format.

    Raises:
        ValueError: a letter without a counterpart; the message names it.
    """
    parts: list[str] = []
    for token in _TOKEN.finditer(jdk):
        if token["quoted"] is not None:
            parts.append(token["quoted"] or "'")
        elif token["letters"]:
            if token["letters"] not in DIRECTIVES:
                raise ValueError(f"date letters {token['letters']!r} in format {jdk!r} cannot be read")
            parts.append(DIRECTIVES[token["letters"]])
        else:
            parts.append(token["other"].replace("%", "%%"))
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class TemporalFormat:
    """The text is a date or time in this format, digit for digit.

    A column that arrives as a date or timestamp has no text form left, so that it holds there.
    """

    jdk: str
    strptime: str

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        if family(column.raw_type) != "string":
            return "false"
        parsed = f"try_strptime({column.raw}, {text(self.strptime)})"
        if "%z" in self.strptime or "%Z" in self.strptime:
            return f"{column.raw} IS NOT NULL AND {parsed} IS NULL"
        written = f"strftime({parsed}, {text(self.strptime)})"
        return f"{column.raw} IS NOT NULL AND {written} IS DISTINCT FROM {column.raw}"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        lenient = re.sub(r"%-(.)", r"%\1", self.strptime).replace("%g", "%f")

        def reads(value: object) -> bool:
            if not isinstance(value, str):
                return True
            try:
                datetime.strptime(value, lenient)
            except ValueError:
                return False
            return True

        return values.map(reads).astype(bool)

    def __str__(self) -> str:
        """See `Condition`."""
        return f"is written as {self.jdk}"
