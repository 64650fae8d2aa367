"""The logicalTypeOptions of a property, each turned into a condition, a note or a refusal."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from dqm_assets.quality.contracts.conditions.all_of import AllOf
from dqm_assets.quality.contracts.conditions.base import Condition
from dqm_assets.quality.contracts.conditions.bounds import Bound
from dqm_assets.quality.contracts.conditions.length import Length
from dqm_assets.quality.contracts.conditions.multiple import MultipleOf
from dqm_assets.quality.contracts.conditions.nested import ItemCount, Keys, UniqueItems
from dqm_assets.quality.contracts.conditions.pattern import Pattern, python_regex
from dqm_assets.quality.contracts.conditions.temporal_format import TemporalFormat, strptime_format
from dqm_assets.quality.contracts.conditions.text_format import KNOWN_FORMATS, Parsed, text_format
from dqm_assets.quality.contracts.problem import nearest

_COMPARISONS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
_ISO = {"date": date.fromisoformat, "timestamp": datetime.fromisoformat, "time": time.fromisoformat}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one option: conditions, or one of a note, a refusal, a mistake."""

    conditions: tuple[Condition | Parsed, ...] = ()
    note: str = ""
    refusal: str = ""
    mistake: str = ""


def option_outcome(name: str, value: Any, logical_type: str, options: Mapping[str, Any]) -> Outcome:
    """Turn one option of a logical type into what enforces it."""
    if name in _COMPARISONS:
        return _bound(name, value, logical_type, options)
    if name == "format":
        return _format(value, logical_type)
    if name in _SIMPLE:
        return _SIMPLE[name](value)
    if name in _NOTES:
        return Outcome(note=_NOTES[name])
    return Outcome(refusal=f"the option {name!r} is not enforced")


def _bound(name: str, value: Any, logical_type: str, options: Mapping[str, Any]) -> Outcome:
    zone = str(options.get("defaultTimezone", "UTC"))
    if logical_type not in _ISO:
        return Outcome((Bound(_COMPARISONS[name], value),))
    try:
        return Outcome(
            (Bound(_COMPARISONS[name], _moment(str(value), logical_type, options.get("format")), zone),)
        )
    except ValueError:
        return Outcome(
            mistake=f"{name}: {value!r} is no {logical_type} (write it as ISO 8601 or in the format)"
        )


def _moment(value: str, logical_type: str, jdk: str | None) -> Any:
    try:
        return _ISO[logical_type](value)
    except ValueError:
        if not jdk:
            raise
    directives = re.sub(r"%-(.)", r"%\1", strptime_format(jdk)).replace("%g", "%f")
    parsed = datetime.strptime(value, directives)  # Bound places it in its zone
    return {"date": parsed.date(), "timestamp": parsed, "time": parsed.time()}[logical_type]


def _format(value: str, logical_type: str) -> Outcome:
    if logical_type in _ISO:
        try:
            return Outcome((TemporalFormat(value, strptime_format(value)),))
        except ValueError as error:
            return Outcome(refusal=str(error))
    if logical_type == "integer":
        bits = int(value[1:])
        low, high = (0, 2**bits - 1) if value.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return Outcome((AllOf((Bound(">=", low), Bound("<=", high))),))
    if value == "f32":
        largest = 3.4028234663852886e38  # (2 - 2^-23) * 2^127, IEEE 754 binary32
        return Outcome((AllOf((Bound(">=", -largest), Bound("<=", largest))),))
    if logical_type == "number":
        return Outcome(note="the type clause: a number is read as a 64-bit float")
    try:
        condition = text_format(value)
    except KeyError:
        return Outcome(refusal=f"the string format {value!r} is not known{nearest(value, KNOWN_FORMATS)}")
    return Outcome((condition,)) if condition else Outcome(note="documentation: the format excludes no text")


def _pattern(value: str) -> Outcome:
    try:
        python_regex(value)
    except re.error as error:
        return Outcome(mistake=f"pattern: {value!r} is no regular expression ({error})")
    return Outcome((Pattern(value),))


def _positive(build: Callable[[int], Condition], what: str) -> Callable[[int], Outcome]:
    """Build a condition from a lower limit; 0 asks for nothing."""
    return lambda value: (
        Outcome((build(value),)) if value > 0 else Outcome(note=f"documentation: {what} 0 excludes nothing")
    )


_SIMPLE: dict[str, Callable[[Any], Outcome]] = {
    "multipleOf": lambda value: Outcome((MultipleOf(value),)),
    "minLength": _positive(lambda value: Length(minimum=value), "minLength"),
    "maxLength": lambda value: Outcome((Length(maximum=value),)),
    "pattern": _pattern,
    "minItems": _positive(lambda value: ItemCount(minimum=value), "minItems"),
    "maxItems": lambda value: Outcome((ItemCount(maximum=value),)),
    "uniqueItems": lambda value: Outcome((UniqueItems(),)) if value else Outcome(note="documentation"),
    "required": lambda value: Outcome((Keys(required=tuple(value)),)),
    "minProperties": _positive(lambda value: Keys(minimum=value), "minProperties"),
    "maxProperties": lambda value: Outcome((Keys(maximum=value),)),
    "dimensions": lambda value: Outcome((ItemCount(value, value),)),
}
_NOTES = {
    "timezone": "the type clause: timestamps are kept in UTC",
    "defaultTimezone": "the bounds without a zone of their own, which are read in it",
    "distanceMetric": "documentation",
    "embeddingModel": "documentation",
    "embeddingModelVersion": "documentation",
}
