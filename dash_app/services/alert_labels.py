"""Labels: what people say an alert was, and what accepting it would change, shown as a replay."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from dash_app.services.actions import refuse_long
from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.relearn import accept, label_alert, preview_relearning
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.labels import LabelKind
from dqm_assets.store import Store

SERIES = (
    "SELECT dataset, column_name, segment, metric, detector FROM monitoring.alerts WHERE alert_id = $alert_id"
)
LABEL = """
SELECT kind, actor, reason, created_at, accepted_at FROM monitoring.labels
WHERE alert_id = $alert_id AND kind <> 'muted'
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of an alert, and when it was accepted into training; ``None`` if it was not."""

    kind: str
    actor: str
    reason: str
    at: datetime
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class PastAlert:
    """An alert of the replay, and whether it would go or stay."""

    opened: datetime
    title: str
    said: str
    outcome: str
    lost: bool


@dataclass(frozen=True, slots=True)
class LearningPreview:
    """What accepting the labels of a series would change; ``problem`` says why it cannot be told."""

    summary: str
    alerts: tuple[PastAlert, ...]
    problem: str = ""


def label_of(store: Store, alert_id: str) -> Said | None:
    """Read what was said of an alert, or ``None``."""
    rows = store.rows(LABEL, {"alert_id": alert_id})
    if not rows:
        return None
    row = rows[0]
    return Said(row["kind"], row["actor"], row["reason"], row["created_at"], row["accepted_at"])


def learning_preview(store: Store, alert_id: str) -> LearningPreview | None:
    """Replay the series of an alert with what was said of it, or ``None`` when there is no such alert."""
    series = _series(store, alert_id)
    if series is None:
        return None
    try:
        found = preview_relearning(store, series)
    except (SettingsError, KeyError) as error:
        return LearningPreview("", (), str(error))
    alerts = tuple(
        PastAlert(one.opened_ts, one.title, one.said, one.outcome, one.lost) for one in found.outcomes
    )
    return LearningPreview(found.summary, alerts)


async def label_as(store: Store, alert_id: str, kind: LabelKind, actor: str, reason: str) -> None:
    """Say what an alert was.

    Raises:
        StoreError: no such alert, or the store cannot be written.
        SettingsError: there is no such kind, or the reason is too long.
    """
    if kind not in get_args(LabelKind):  # a callback is sent whatever its sender likes
        raise SettingsError(f"An alert cannot be {kind!r}; one of {', '.join(get_args(LabelKind))}.")
    refuse_long(reason)
    await asyncio.to_thread(label_alert, store, alert_id, kind, actor, reason)


async def accept_labels(store: Store, alert_id: str, actor: str) -> str:
    """Let the labels of an alert's series change its training; gives what that does, in words.

    Raises:
        SettingsError: the series has nothing that could learn.
        StoreError: the store cannot be written.
    """

    def work() -> str:
        series = _series(store, alert_id)
        if series is None:
            raise SettingsError(f"There is no alert {alert_id}.")
        found = preview_relearning(store, series)
        accept(store, found, actor, "accepted on the Alerts page")
        return found.summary

    return await asyncio.to_thread(work)


def _series(store: Store, alert_id: str) -> SeriesKey | None:
    rows = store.rows(SERIES, {"alert_id": alert_id})
    return SeriesKey(**rows[0]) if rows else None
