"""Values that only Python can judge, run through Pandera: each distinct value once, in bounded batches."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dqm_assets.quality.contracts.conditions.base import JudgedColumn, PythonCondition
from dqm_assets.quality.contracts.rows import SAMPLE_ROWS, JudgedRows

if TYPE_CHECKING:
    import pandas as pd

_BATCH_VALUES = 65_536


@dataclass(frozen=True, slots=True)
class FailingValues:
    """How many rows hold a failing value, and some of these values as text."""

    rows: int
    examples: tuple[str, ...]


def failing_values(rows: JudgedRows, column: JudgedColumn, condition: PythonCondition) -> FailingValues:
    """Judge the distinct values of a column; memory is bounded by the batch, not by the table."""
    counted = rows.query(
        f"SELECT CAST({column.value} AS VARCHAR) AS value, count(*) AS n FROM {JudgedRows.SOURCE} "
        f"WHERE {column.value} IS NOT NULL GROUP BY 1"
    )
    total, examples = 0, []
    for batch in counted.to_arrow_reader(_BATCH_VALUES):
        frame = batch.to_pandas()
        failing = frame[~_passing(frame["value"], condition)]
        total += int(failing["n"].sum())
        examples.extend(failing["value"].iloc[: SAMPLE_ROWS - len(examples)])
    return FailingValues(total, tuple(examples))


def _passing(values: "pd.Series", condition: PythonCondition) -> "pd.Series":
    import pandera.pandas as pandera  # noqa: PLC0415 (loads 0.3 s, only needed with such a clause)
    from pandera.errors import SchemaErrors  # noqa: PLC0415

    schema = pandera.SeriesSchema(None, pandera.Check(condition.holds, error=str(condition)), name="value")
    passing = values.notna()
    try:
        schema.validate(values, lazy=True)
    except SchemaErrors as errors:
        passing[errors.failure_cases["index"].dropna().astype(int)] = False
    return passing
