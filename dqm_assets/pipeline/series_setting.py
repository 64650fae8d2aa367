"""The sensitivity of one series, set by someone who has seen in a backtest what it would have fired."""

from datetime import UTC, datetime

from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.alert_actions import AuditRow
from dqm_assets.pipeline.relearn import LearnedRow, learn_anew, setting_of
from dqm_assets.pipeline.rows import append_rows, as_json, upsert_rows
from dqm_assets.pipeline.training import training_of
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store


def set_sensitivity(store: Store, series: SeriesKey, wanted: Sensitivity, actor: str, reason: str) -> float:
    """Let a series alarm as readily as wanted from its next point on; the past stays as judged.

    It is kept as the factor by which the series alarms more rarely than its watch says, beside what was
    learned from labels, and is written into the audit table.

    Returns:
        That factor; below 1 it alarms more readily.

    Raises:
        SettingsError: the sensitivity is said in another unit than the series is judged by.
        StoreError: the store cannot be written.
    """
    today = setting_of(store, series).sensitivity
    before = training_of(store, series.dataset).widened.get(series, 1.0)
    if wanted.points is not None and today.points is not None:
        factor = before * wanted.points / today.points
    elif wanted.weeks is not None and today.weeks is not None:
        factor = before * wanted.weeks / today.weeks
    else:
        raise SettingsError(
            f"{series.name} is judged by {_unit(today)}: say the sensitivity in the same unit to apply it."
        )
    now = datetime.now(UTC)
    address = [series.dataset, series.column_name, series.segment, series.metric, series.detector]
    details = as_json({"widen_before": before, "widen_after": factor, "reason": reason})
    with store.transaction("monitoring.learned", "monitoring.detector_states") as tx:
        upsert_rows(tx, "monitoring.learned", [LearnedRow(*address, factor, actor, now, details)])
        learn_anew(tx, address)
        audit = AuditRow(now, actor, "series.sensitivity", "/".join(address), reason, details)
        append_rows(tx, "monitoring.audit", [audit])
    return factor


def _unit(sensitivity: Sensitivity) -> str:
    if sensitivity.z is not None:
        return "a fixed z"
    return "points" if sensitivity.points is not None else "weeks"
