"""From the store's row dicts to records: the few conversions that every query needs."""

import json
import math
from datetime import UTC, datetime
from typing import Any

from dash_app.services.records import Reason


def as_utc(value: datetime | None) -> datetime | None:
    """Give a store time as an aware UTC datetime; naive values are UTC already."""
    if value is None:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def as_number(value: float | None) -> float | None:
    """Give a finite float, or ``None`` for what JSON and a chart cannot carry (NaN, infinities)."""
    return None if value is None or not math.isfinite(value) else float(value)


def as_text(value: str | None) -> str:
    """Give text, empty for a missing one."""
    return value or ""


def as_count(value: int | None) -> int:
    """Give a count, zero for a missing one."""
    return int(value or 0)


def as_json(value: Any) -> Any:
    """Read a JSON column, which arrives as text; broken JSON is shown as the text it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def as_reasons(value: Any) -> tuple[Reason, ...]:
    """Read the ``reasons`` column of a run; entries that are no objects become their text."""
    entries = as_json(value) or []
    if not isinstance(entries, list):
        entries = [entries]
    return tuple(
        Reason(
            code=as_text(entry.get("code")),
            message=as_text(entry.get("message")),
            column=as_text(entry.get("column")),
            metric=as_text(entry.get("metric")),
        )
        if isinstance(entry, dict)
        else Reason(code="", message=str(entry))
        for entry in entries
    )
