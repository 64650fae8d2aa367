"""Texts in which a regular expression is found."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import duckdb

from dqm_assets.quality.contracts.conditions.base import JudgedColumn
from dqm_assets.quality.contracts.sql_text import text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Pattern:
    r"""The regular expression is found in the text (anchor it with ``^`` and ``$`` for the whole).

    ODCS names ECMA-262, where ``\d`` and ``\w`` are ASCII and ``$`` is the very end.
    """

    expression: str
    #: What the expression stands for, when it is not the contract's own.
    meaning: str | None = None

    def failing(self, column: JudgedColumn) -> str:
        """See `Condition.failing`."""
        return f"NOT regexp_matches(CAST({column.value} AS VARCHAR), {text(self.expression)})"

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `Condition.holds`."""
        found = python_regex(self.expression).search
        return values.map(lambda value: found(str(value)) is not None).astype(bool)

    def __str__(self) -> str:
        """See `Condition`."""
        return f"is a valid {self.meaning}" if self.meaning else f"matches {self.expression}"


@lru_cache(maxsize=256)
def python_regex(expression: str) -> re.Pattern[str]:
    """Compile an ECMA expression for Python.

    Raises:
        re.error: not a regular expression.
    """
    ends = re.sub(r"\\.|\[(?:\\.|[^\]])*\]|\$", lambda m: r"\Z" if m[0] == "$" else m[0], expression)
    return re.compile(ends, re.ASCII)


@lru_cache(maxsize=256)
def runs_in_duckdb(expression: str) -> bool:
    """Tell whether DuckDB's RE2 takes the expression: it has no lookaround and no back-references."""
    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT regexp_matches('', ?)", [expression]).fetchall()
        except duckdb.Error:
            return False
    return True
