"""Spans of time as people say them."""

import re
from datetime import timedelta

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*")
_LETTERS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def span_words(span: timedelta) -> str:
    """Say a span in the largest unit that it holds twice: ``2.5 days``, ``36 hours``, ``90 minutes``."""
    seconds = span.total_seconds()
    for unit, size in _UNITS:
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.3g} {unit}s"
    return "1 second" if seconds == 1 else f"{seconds:.3g} seconds"


def read_span(written: object) -> timedelta:
    """Read a span as it stands in configuration: ``30m``, ``1.5h``.

    Raises:
        ValueError: it is written otherwise.
    """
    if isinstance(written, timedelta):
        return written
    found = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        raise ValueError("a duration is a number with s, m, h or d, such as 30m")
    return timedelta(**{_LETTERS[found[2]]: float(found[1])})
