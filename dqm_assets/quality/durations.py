"""Spans of time as people say them."""

from datetime import timedelta

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def span_words(span: timedelta) -> str:
    """Say a span in the largest unit that it holds twice: ``2.5 days``, ``36 hours``, ``90 minutes``."""
    seconds = span.total_seconds()
    for unit, size in _UNITS:
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.3g} {unit}s"
    return "1 second" if seconds == 1 else f"{seconds:.3g} seconds"
