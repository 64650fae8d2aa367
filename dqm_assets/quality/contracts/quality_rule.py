"""The entries under ``quality``: library metrics, SQL queries, texts, and engines of others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dqm_assets.quality.contracts.conditions.all_of import AllOf
from dqm_assets.quality.contracts.conditions.base import Condition
from dqm_assets.quality.contracts.conditions.membership import NotMissing, OneOf
from dqm_assets.quality.contracts.conditions.pattern import Pattern, python_regex
from dqm_assets.quality.contracts.conditions.presence import NotNull
from dqm_assets.quality.contracts.measure import DuplicateRows, FailingRows, Measure, QueryValue, RowCount
from dqm_assets.quality.contracts.problem import nearest
from dqm_assets.quality.contracts.threshold import Threshold, given_operators

#: Dimension of a library metric when the rule names none.
METRICS = {
    "nullValues": "completeness",
    "missingValues": "completeness",
    "invalidValues": "conformity",
    "duplicateValues": "uniqueness",
    "rowCount": "completeness",
}
#: Names of ODCS 3.0 (key ``rule``) and the metric that replaced each.
OLD_RULES = {
    "nullCheck": "nullValues", "nullCount": "nullValues", "duplicateCount": "duplicateValues",
    "uniqueCheck": "duplicateValues", "validValues": "invalidValues", "rowCount": "rowCount",
}  # fmt: skip
_ARGUMENTS = {
    "missingValues": {"missingValues"},
    "invalidValues": {"validValues", "pattern"},
    "duplicateValues": {"properties"},
}
#: Values that stand for a missing one unless the rule lists its own.
DEFAULT_MISSING = (None, "")


@dataclass(frozen=True, slots=True)
class Counted:
    """A rule that is enforced: what is counted and what the count must be."""

    metric: str
    dimension: str
    threshold: Threshold
    measure: Measure


@dataclass(frozen=True, slots=True)
class Mistake:
    """A rule that says something impossible; it keeps the contract from loading."""

    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that is understood and not enforced."""

    reason: str


@dataclass(frozen=True, slots=True)
class Documentation:
    """A rule for people."""

    text: str


Reading = Counted | Mistake | Refused | Documentation


def read_rule(rule: Mapping[str, Any], column: str, names: Mapping[str, str]) -> Reading:
    """Read one quality rule.

    Args:
        rule: the entry as written.
        column: name in the data of the property it stands under; empty at schema level.
        names: name in the contract → name in the data, of all the object's properties.
    """
    kind = rule.get("type", "library" if "metric" in rule or "rule" in rule else "text")
    if kind == "text":
        return Documentation(str(rule.get("description", "")))
    if kind == "custom":
        return Refused(
            f"the engine {rule.get('engine')!r} is not known to dqm; state it as a metric or as sql"
        )
    threshold = _threshold(rule)
    if isinstance(threshold, Mistake):
        return threshold
    if kind == "sql":
        return Counted("sql", rule.get("dimension", "accuracy"), threshold, QueryValue(str(rule["query"])))
    return _library(rule, column, names, threshold)


def _threshold(rule: Mapping[str, Any]) -> Threshold | Mistake:
    operators = given_operators(rule)
    if not operators:
        return Mistake("needs a mustBe… operator")
    operator, limit = operators[0], rule[operators[0]]
    unit = str(rule.get("unit", "rows"))
    if operator.endswith("Between") and limit[0] > limit[1]:
        return Mistake(f"{operator}: {limit[0]} is above {limit[1]}; write the smaller number first")
    if rule.get("type") == "sql":
        return Threshold(operator, tuple(limit) if isinstance(limit, list) else limit)
    if unit not in {"rows", "percent"}:
        return Mistake(f"unit: {unit!r} is not one of rows, percent{nearest(unit, ['rows', 'percent'])}")
    numbers = limit if isinstance(limit, list) else [limit]
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers):
        return Mistake(f"{operator}: {limit!r} is no number, and a metric is one")
    return Threshold(operator, tuple(limit) if isinstance(limit, list) else limit, unit)


def _library(rule: Mapping[str, Any], column: str, names: Mapping[str, str], threshold: Threshold) -> Reading:
    written = str(rule.get("metric") or rule.get("rule"))
    metric = written if "metric" in rule else OLD_RULES.get(written, written)
    if metric not in METRICS:
        return Mistake(f"rule: {written!r} is not known{nearest(written, [*OLD_RULES, *METRICS])}")
    arguments = dict(rule.get("arguments") or {})
    unknown = sorted(arguments.keys() - _ARGUMENTS.get(metric, set()))
    if unknown:
        allowed = sorted(_ARGUMENTS.get(metric, set()))
        return Mistake(f"arguments: {metric} takes no {unknown[0]!r}{nearest(unknown[0], allowed)}")
    if metric == "rowCount" and threshold.unit == "percent":
        return Mistake("unit: a row count has no percent")
    measure = _measure(metric, arguments, column, names)
    if isinstance(measure, Mistake):
        return measure
    return Counted(metric, rule.get("dimension") or METRICS[metric], threshold, measure)


def _measure(
    metric: str, arguments: Mapping[str, Any], column: str, names: Mapping[str, str]
) -> Measure | Mistake:
    if metric == "rowCount":
        return RowCount()
    if metric == "duplicateValues":
        return _duplicates(arguments, column, names)
    if not column:
        return Mistake(f"{metric} is about one property; move the rule under it")
    if metric == "nullValues":
        return FailingRows(column, NotNull())
    if metric == "missingValues":
        return FailingRows(column, NotMissing(tuple(arguments.get("missingValues", DEFAULT_MISSING))))
    return _invalid(arguments, column)


def _duplicates(arguments: Mapping[str, Any], column: str, names: Mapping[str, str]) -> Measure | Mistake:
    wanted = list(arguments.get("properties") or [])
    missing = [name for name in wanted if name not in names]
    if missing:
        return Mistake(f"arguments.properties: no property {missing[0]!r}{nearest(missing[0], list(names))}")
    if not column and not wanted:
        return Mistake("duplicateValues needs arguments.properties at schema level")
    return DuplicateRows(tuple(names[name] for name in wanted) or (column,))


def _invalid(arguments: Mapping[str, Any], column: str) -> Measure | Mistake:
    conditions: list[Condition] = []
    if "validValues" in arguments:
        conditions.append(OneOf(tuple(arguments["validValues"])))
    if "pattern" in arguments:
        try:
            python_regex(str(arguments["pattern"]))
        except re.error as error:
            return Mistake(f"arguments.pattern: {arguments['pattern']!r} is no regular expression ({error})")
        conditions.append(Pattern(str(arguments["pattern"])))
    if not conditions:
        return Mistake("invalidValues needs arguments.validValues or arguments.pattern")
    return FailingRows(column, conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions)))
