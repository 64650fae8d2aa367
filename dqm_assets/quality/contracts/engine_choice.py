"""Which engine judges a measure: DuckDB where its SQL can say it, Pandera for the rest."""

from dqm_assets.quality.contracts.clause import Engine
from dqm_assets.quality.contracts.conditions.all_of import AllOf
from dqm_assets.quality.contracts.conditions.base import PythonCondition
from dqm_assets.quality.contracts.conditions.pattern import Pattern, runs_in_duckdb
from dqm_assets.quality.contracts.conditions.text_format import Parsed
from dqm_assets.quality.contracts.measure import FailingRows, Measure


def engine_of(measure: Measure) -> Engine:
    """Choose the engine of a measure."""
    return "pandera" if isinstance(measure, FailingRows) and _needs_python(measure.condition) else "duckdb"


def _needs_python(condition: PythonCondition) -> bool:
    if isinstance(condition, AllOf):
        return any(_needs_python(part) for part in condition.conditions)
    return isinstance(condition, Parsed) or (
        isinstance(condition, Pattern) and not runs_in_duckdb(condition.expression)
    )
