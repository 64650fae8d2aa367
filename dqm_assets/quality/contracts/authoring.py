"""Writing a first contract from the data: sensible rules, each with the reason beside it."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from dqm_assets.quality.contracts.facts import ENOUGH_ROWS, ColumnFacts
from dqm_assets.quality.plural import counted

#: A text column is a list of categories when each stands for this many rows on average, and
#: the list is complete when each was seen so often.
_ROWS_PER_CATEGORY = 5
#: Rows from which on that no value is missing is worth a rule, and values that differ make a key by name.
_FEW_ROWS, _FEW_KEYS = 20, 10
#: Names of columns that are keys, and how such names end.
_KEY_NAME = re.compile(r"(^|[_-])(id|key|uuid|guid)$", re.IGNORECASE)
#: Batches from which on row counts and pauses say what is usual.
_ENOUGH_BATCHES = 5
_CONFIDENCE = 0.95
#: Numbers may leave the range seen by this share of it, on either side.
_MARGIN = 0.5
#: Standard errors that a share may rise by chance.
_ERRORS = 4.0
#: Row counts may leave the range seen by this factor, and pauses the longest one.
_VOLUME_FACTOR = _PAUSE_FACTOR = 2


def write_contract(
    dataset: str,
    facts: Sequence[ColumnFacts],
    batch_rows: Sequence[int],
    *,
    times: tuple[str, Sequence[datetime]] = ("", ()),
    owner: str = "",
    table: str = "",
) -> str:
    """Write ODCS YAML for a dataset, with a comment at each rule that says what was seen.

    Args:
        dataset: name of the dataset.
        facts: its columns.
        batch_rows: rows of each batch that was looked at.
        times: the column that dates the rows, and the newest time of each batch (see `batch_times`).
        owner: name of the team.
        table: name of the table, when it is not the dataset's.
    """
    lines = [
        f"# Written by `dqm contract init` from {counted(sum(batch_rows), 'row')} "
        f"in {counted(len(batch_rows), 'batch')}.",
        "# Every limit is a proposal: tighten what you know, then run `dqm contract test`.",
        "apiVersion: v3.2.0",
        "kind: DataContract",
        f"id: {_quoted(dataset)}",
        f"name: {_quoted(dataset)}",
        "version: 0.1.0",
        "status: draft",
        "schema:",
        f"  - name: {_quoted(dataset)}",
        f"    physicalName: {_quoted(table or dataset)}",
        "    physicalType: table",
        "    properties:",
    ]
    for position, column in enumerate(facts):
        lines += [f"      {line}" for line in _property(column, named_key=_named_key(position, column))]
    lines += [f"    {line}" for line in _volume(batch_rows)]
    lines += _pauses(*times)
    if owner:
        lines += ["team:", f"  name: {_quoted(owner)}"]
    return "\n".join(lines) + "\n"


def _property(column: ColumnFacts, *, named_key: bool) -> Iterator[str]:
    key = _is_key(column, named_key=named_key)
    yield f"- name: {_quoted(column.name)}"
    yield f"  logicalType: {column.logical_type}"
    if column.nulls == 0 and column.rows >= (_FEW_KEYS if key else _FEW_ROWS):
        yield f"  required: true  # no value was missing in {column.rows:,} rows{_how_sure(column.rows)}"
    if key:
        why = "" if column.rows >= ENOUGH_ROWS else ", and the name is that of a key"
        yield f"  unique: true  # all {column.distinct:,} values differ{why}"
    complete = _complete(column)
    if complete:
        rarest = min(count for _, count in column.categories)
        listed = ", ".join(f"{{value: {_quoted(value)}}}" for value, _ in column.categories)
        yield f"  enum: [{listed}]  # each was seen {rarest} times or more; loosen it where new ones may come"
    if column.logical_type == "integer" and column.grows:
        yield "  # No limits: the values rise from row to row, as ids and counters do."
    options = list(_options(column, key=key))
    if options:
        yield "  logicalTypeOptions:"
        yield from (f"    {option}" for option in options)
    rules = [*_null_rule(column), *([] if complete else _category_rule(column))]
    if rules:
        yield "  quality:"
        yield from (f"    {rule}" for rule in rules)


def _how_sure(rows: int) -> str:
    """The largest share of nulls of which so few rows would hardly show none (exact binomial)."""
    if rows >= ENOUGH_ROWS:
        return ""
    return f": at {_CONFIDENCE:.0%} confidence fewer than {1 - (1 - _CONFIDENCE) ** (1 / rows):.0%} are"


def _named_key(position: int, column: ColumnFacts) -> bool:
    """Tell whether a column is a key by its name: ``id`` anywhere, ``order_id`` where it comes first."""
    found = _KEY_NAME.search(column.name)
    return found is not None and (found.start() == 0 or position == 0)


def _is_key(column: ColumnFacts, *, named_key: bool) -> bool:
    return (
        column.rows >= (_FEW_KEYS if named_key else ENOUGH_ROWS)
        and column.distinct == column.rows
        and column.logical_type in {"string", "integer"}
    )


def _complete(column: ColumnFacts) -> bool:
    """Tell whether the categories are all there are: there are several, and none was seen but a few times."""
    counts = [count for _, count in column.categories]
    return len(counts) > 1 and min(counts) >= _ROWS_PER_CATEGORY


def _options(column: ColumnFacts, *, key: bool) -> Iterator[str]:
    # No limit would hold for long of what grows, nor of a key.
    limited = not column.grows and not key
    if limited and column.minimum is not None and column.maximum is not None:
        low, high = _widened(column.minimum, column.maximum, whole=column.logical_type == "integer")
        seen = f"seen: {column.minimum:g} to {column.maximum:g}"
        yield f"minimum: {low}  # {seen}"
        yield f"maximum: {high}  # {seen}"
    if column.logical_type == "string" and column.longest:
        if not column.has_empty:
            yield "minLength: 1  # no empty text was seen"
        yield f"maxLength: {_rounded_up(2 * column.longest)}  # the longest had {column.longest} characters"
    if column.jdk_format:
        yield f"format: {_quoted(column.jdk_format)}  # every value is written so"


def _null_rule(column: ColumnFacts) -> Iterator[str]:
    if column.nulls in {0, column.rows}:
        return
    share = column.worst_nulls
    error = math.sqrt(share * (1 - share) / column.rows)
    limit = min(100, math.ceil(100 * (share + _ERRORS * error) + 1))
    if limit < 100:  # noqa: PLR2004 - a limit of 100 percent could not fail
        yield "- metric: nullValues"
        yield f"  mustBeLessOrEqualTo: {limit}  # at most {100 * share:.1f} percent of a batch were missing"
        yield "  unit: percent"
        yield "  dimension: completeness"
        yield "  severity: warning"


def _category_rule(column: ColumnFacts) -> Iterator[str]:
    if not column.categories or column.rows < _ROWS_PER_CATEGORY * len(column.categories):
        return
    values = ", ".join(_quoted(value) for value, _ in column.categories)
    yield "- metric: invalidValues"
    yield "  arguments:"
    yield f"    validValues: [{values}]"
    yield "  mustBeLessOrEqualTo: 5  # a few new values may come"
    yield "  unit: percent"
    yield "  dimension: conformity"
    yield "  severity: warning"


def _volume(batch_rows: Sequence[int]) -> Iterator[str]:
    low, high = min(batch_rows, default=0), max(batch_rows, default=0)
    yield "quality:"
    yield "  - metric: rowCount"
    if len(batch_rows) < _ENOUGH_BATCHES:
        seen = counted(len(batch_rows), "batch")
        yield f"    mustBeGreaterThan: 0  # {seen} of {low} to {high} rows cannot tell what is usual"
    else:
        limits = f"[{max(1, low // _VOLUME_FACTOR)}, {max(2, high * _VOLUME_FACTOR)}]"
        yield f"    mustBeBetween: {limits}  # seen: {low} to {high}"
    yield "    dimension: completeness"
    yield "    severity: warning"


def _pauses(column: str, times: Sequence[datetime]) -> Iterator[str]:
    """How often batches come, by the pauses between those seen; nothing when they are few."""
    moments = sorted(set(times))
    if len(moments) < _ENOUGH_BATCHES:
        return
    longest = max(later - earlier for earlier, later in pairwise(moments))
    value, unit = _span(_PAUSE_FACTOR * longest)
    seen = _span(longest)
    yield "slaProperties:"
    yield "  - property: frequency"
    yield f"    value: {value}  # the longest pause between {len(moments)} batches was {seen[0]} {seen[1]}"
    yield f"    unit: {unit}"
    yield f"    element: {_quoted(column)}"


def _span(length: timedelta) -> tuple[int, str]:
    """Round up to whole days, hours or minutes, as is fine enough."""
    for unit, size in (("d", timedelta(days=1)), ("h", timedelta(hours=1))):
        if length >= 2 * size:
            return math.ceil(length / size), unit
    return max(1, math.ceil(length / timedelta(minutes=1))), "min"


def _widened(low: float, high: float, *, whole: bool) -> tuple[str, str]:
    """Widen a range by `_MARGIN` on both sides; what was never negative stays so."""
    margin = _MARGIN * ((high - low) or abs(high) or 1.0)
    wide_low, wide_high = low - margin, high + margin
    if low >= 0 > wide_low:
        wide_low = 0.0
    digits = max(0, 2 - math.floor(math.log10(margin)) - 1) if margin < 10 else 0  # noqa: PLR2004 - two digits
    scale = 10**digits
    floor, ceiling = math.floor(wide_low * scale) / scale, math.ceil(wide_high * scale) / scale
    if whole or digits == 0:
        return str(int(floor)), str(int(ceiling))
    return repr(floor), repr(ceiling)


def _rounded_up(length: int) -> int:
    """Round up to a power of two, as widths of text columns are."""
    return 1 << max(3, (length - 1).bit_length())


def _quoted(value: str) -> str:
    """Write a YAML scalar: plain where that is safe, else as a JSON string, which YAML reads the same."""
    plain = value.replace("_", "a").replace("-", "a").isalnum() and value.isascii() and value[0].isalpha()
    reserved = value.casefold() in {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
    return value if plain and not reserved else json.dumps(value, ensure_ascii=True)
