"""``logs/device_alerts.log``: what happened to the alerts of the fleet, one JSON document a line."""

import json
import logging
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from concurrent_log_handler import ConcurrentRotatingFileHandler

from dqm_assets.store import Store

_MOST_BYTES = 5 * 2**20
_KEPT_FILES = 5
#: So much of the log's end is looked at for events that are in it already.
_LOOKED_AT = 2**20
#: Events of so long before are looked at again: who was killed between the store and the log left them out.
_LOOK_BACK = timedelta(hours=4)

_EVENTS = """
    SELECT e.event_id, e.ts, e.event, e.actor, e.reason, a.alert_id, a.dataset, a.segment, a.metric,
           a.detector, a.severity, a.title, a.value, a.expected,
           json_extract_string(a.evidence, '$.explanation') AS explanation
    FROM monitoring.alert_events AS e JOIN monitoring.alerts AS a USING (alert_id)
    WHERE a.dataset = $dataset AND e.ts BETWEEN $first AND $last
    ORDER BY e.ts, e.event_id
"""


def alert_log_path(home: Path) -> Path:
    """Where the log of a home is."""
    return home / "logs" / "device_alerts.log"


def log_alert_events(store: Store, dataset: str, first: datetime, last: datetime) -> int:
    """Write what happened to the alerts of a dataset until a time, unless it is in the log already.

    Args:
        store: The open store.
        dataset: Name of the dataset.
        first, last: times of the data, both included; the hours before are looked at again.

    Returns:
        Lines that were added.
    """
    events = store.rows(_EVENTS, {"dataset": dataset, "first": first - _LOOK_BACK, "last": last})
    if not events:
        return 0
    path = alert_log_path(store.settings.home)
    logger = _logger(path)
    known = _logged(path)
    fresh = [event for event in events if event["event_id"] not in known]
    for event in fresh:
        logger.warning(json.dumps(event, default=_plain, ensure_ascii=False))
    return len(fresh)


def _logged(path: Path) -> set[str]:
    """Events at the end of the log, and of the file before it, from which it was parted perhaps just now."""
    return _events_in(path) | _events_in(path.with_name(f"{path.name}.1"))


def _events_in(path: Path) -> set[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOOKED_AT))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return set()
    return {line.split('"event_id": "', 1)[1].split('"', 1)[0] for line in lines if '"event_id": "' in line}


@lru_cache(maxsize=8)
def _logger(path: Path) -> logging.Logger:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Several processes write and rotate: the standard library's handler would lose lines.
    handler = ConcurrentRotatingFileHandler(
        str(path), maxBytes=_MOST_BYTES, backupCount=_KEPT_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger(f"dqm.device_alerts.{path}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [handler]
    return logger


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
