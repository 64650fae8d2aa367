"""Bytes from which a detector continues: its settings, and what the kernel learned."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from dqm_assets.errors import SettingsError
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.quality.relevance import Relevance
from dqm_assets.quality.sensitivity import Sensitivity

_MAGIC = b"DQMDET3\n"


@lru_cache(maxsize=256)
def parsed_settings(text: bytes) -> dict[str, Any]:
    """Settings as arguments of ``Detector``: thousands of series share a few."""
    settings = json.loads(text)
    return {
        "method": settings["method"],
        "sensitivity": Sensitivity(**settings["sensitivity"]),
        "kind": settings["kind"],
        "calendar": _calendar_from(settings["calendar"]),
        "options": settings["options"],
        "adapt_after": settings["adapt_after"],
        "relevance": Relevance(**settings["relevance"]) if settings["relevance"] else None,
    }


def split_state(state: bytes) -> tuple[bytes, memoryview]:
    """Settings (JSON) and what the kernel learned, of the bytes of ``Detector.to_bytes``.

    Raises:
        SettingsError: the bytes are no detector state.
    """
    start = len(_MAGIC) + 4
    if not state.startswith(_MAGIC) or len(state) < start:
        raise no_state(ValueError("wrong first bytes"))
    (length,) = struct.unpack("<I", state[len(_MAGIC) : start])
    return state[start : start + length], memoryview(state)[start + length :]


def joined_state(settings: bytes, learned: bytes | memoryview) -> bytes:
    """What ``split_state`` takes apart."""
    return b"".join((_MAGIC, struct.pack("<I", len(settings)), settings, learned))


def no_state(error: Exception) -> SettingsError:
    """The error of bytes that are none of ours."""
    return SettingsError(f"These bytes are no detector state: {error}. Learn it again.")


def calendar_document(calendar: HolidayCalendar | None) -> dict[str, object] | None:
    """A calendar as plain types."""
    if calendar is None:
        return None
    return {**asdict(calendar), "extra_days": sorted(calendar.extra_days)}


def _calendar_from(document: Mapping[str, Any] | None) -> HolidayCalendar | None:
    if document is None:
        return None
    return HolidayCalendar(document["country"], document["subdivision"], frozenset(document["extra_days"]))
