"""Relearn: what people said of alerts → what a replay would change → accepted by someone, or not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

import numpy as np

from dqm_assets.errors import SettingsError, StoreError
from dqm_assets.pipeline.alert_actions import AuditRow
from dqm_assets.pipeline.alert_rows import alert_of
from dqm_assets.pipeline.alert_writing import ALERT_TABLES, write_alerts
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.pipeline.judge import ADAPT_AFTER, DETECTOR_NAME, METHOD, SENSITIVITY
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.pipeline.label_rows import LabelRow, label_id_of
from dqm_assets.pipeline.rows import append_rows, as_json, upsert_rows
from dqm_assets.pipeline.stored_points import HISTORY_POINTS
from dqm_assets.pipeline.training import training_of
from dqm_assets.quality.alert import Alert, SeriesKey
from dqm_assets.quality.alerts import acknowledge
from dqm_assets.quality.backtest import Setting
from dqm_assets.quality.detectors import Detector
from dqm_assets.quality.labels import Label, LabelKind
from dqm_assets.quality.metric_words import title_of
from dqm_assets.quality.point_times import second_of
from dqm_assets.quality.relearning import Preview, relearn
from dqm_assets.store import Store, Transaction

_POINTS = """
    SELECT ts, value FROM metrics.metrics
    WHERE dataset = $dataset AND column_name = $column AND segment = $segment AND metric = $metric
    ORDER BY ts DESC, batch DESC LIMIT $points
"""
#: Labels of a series; an acknowledged alert of which nobody said more is a true one.
_LABELS = """
    WITH said AS (
        SELECT alert_id, kind, start_ts, end_ts FROM monitoring.labels
        WHERE dataset = $dataset AND column_name = $column AND segment = $segment AND metric = $metric
          AND detector = $detector AND kind <> 'muted'
    )
    SELECT kind, start_ts, end_ts FROM said
    UNION ALL
    SELECT 'incident', a.opened_ts, a.last_ts FROM monitoring.alerts AS a
    WHERE a.dataset = $dataset AND a.column_name = $column AND a.segment = $segment AND a.metric = $metric
      AND a.detector = $detector AND a.alert_id NOT IN (SELECT alert_id FROM said)
      AND EXISTS (
          FROM monitoring.alert_events AS e WHERE e.alert_id = a.alert_id AND e.event = 'acknowledged'
      )
"""
_UNACCEPTED = """
    SELECT DISTINCT dataset, column_name, segment, metric, detector FROM monitoring.labels
    WHERE accepted_at IS NULL AND kind <> 'muted' AND ($dataset IS NULL OR dataset = $dataset)
    ORDER BY ALL
"""
_STATE_ANEW = """
    SELECT dataset, column_name, segment, metric, detector, '' AS setting FROM monitoring.detector_states
    WHERE dataset = ? AND column_name = ? AND segment = ? AND metric = ?
"""
_WHERE_SERIES = "dataset = ? AND column_name = ? AND segment = ? AND metric = ? AND detector = ?"


@dataclass(frozen=True)
class LearnedRow:
    """A line of ``monitoring.learned``."""

    dataset: str
    column_name: str
    segment: str
    metric: str
    detector: str
    widen: float
    accepted_by: str
    accepted_at: datetime
    preview: str


@dataclass(frozen=True)
class AlertOutcome:
    """What would become of one past alert of the series.

    Attributes:
        said: the label it lies in; empty when nobody said anything.
        outcome: ``goes`` or ``stays``.
        lost: a true alert that would go. Look at these first.
    """

    opened_ts: datetime
    last_ts: datetime
    title: str
    said: str
    outcome: str
    lost: bool


@dataclass(frozen=True)
class Relearning:
    """What accepting the labels of a series would change.

    Attributes:
        series: the series.
        widen_before, widen_after: how much rarer it may alarm than its watch says.
        labels: spans that people spoke of.
        preview: both replays and the difference.
    """

    series: SeriesKey
    widen_before: float
    widen_after: float
    labels: tuple[Label, ...]
    preview: Preview

    @property
    def outcomes(self) -> list[AlertOutcome]:
        """Each alert of the replay with today's setting, and what would become of it."""
        kept = {alert.alert_id for alert in self.preview.kept}
        lost = {alert.alert_id for alert in self.preview.lost}
        return [
            AlertOutcome(
                alert.opened_ts,
                alert.last_ts,
                title_of(self.series, alert.value, alert.lower, alert.upper),
                self._said_of(alert),
                "stays" if alert.alert_id in kept else "goes",
                alert.alert_id in lost,
            )
            for alert in self.preview.before.alerts
        ]

    @property
    def summary(self) -> str:
        """One line for people."""
        found = self.preview
        rarer = f"alarms {self.widen_after:g} times rarer" if self.widen_after != 1.0 else "alarms as before"
        return (
            f"{rarer}: {len(found.gone)} unwanted alerts would go, {len(found.staying)} stay, "
            f"{len(found.lost)} true ones would be lost"
        )

    def _said_of(self, alert: Alert) -> str:
        first, last = alert.opened_ts.timestamp(), alert.last_ts.timestamp()
        return ", ".join(
            sorted({label.kind for label in self.labels if first <= label.end and last >= label.start})
        )


def label_alert(store: Store, alert_id: str, kind: LabelKind, actor: str, reason: str = "") -> Alert:
    """Say what an alert was, and acknowledge it if it is still open; training changes when it is accepted.

    Raises:
        StoreError: no such alert.
    """
    now = datetime.now(UTC)
    with store.transaction(*ALERT_TABLES, "monitoring.labels") as tx:
        rows = tx.query("SELECT * FROM monitoring.alerts WHERE alert_id = ?", [alert_id]).to_pylist()
        if not rows:
            raise StoreError(f"There is no alert {alert_id}; see `dqm alerts list --status all`.")
        alert = alert_of(rows[0])
        upsert_rows(tx, "monitoring.labels", [_label_row(alert, kind, actor, reason, now)])
        if alert.status == "open":
            after, events = acknowledge(alert, actor, f"{kind.replace('_', ' ')}: {reason}".rstrip(": "), now)
            alert = after or alert
            [alert] = write_alerts(tx, [alert], events)
        audit = AuditRow(now, actor, "alert.labelled", alert_id, reason, as_json({"kind": kind}))
        append_rows(tx, "monitoring.audit", [audit])
    return alert


def labelled_series(store: Store, dataset: str | None = None) -> list[SeriesKey]:
    """Series with labels that nobody has accepted yet."""
    return [SeriesKey(**row) for row in store.rows(_UNACCEPTED, {"dataset": dataset})]


def preview_relearning(store: Store, series: SeriesKey) -> Relearning:
    """Replay a series as it is judged today and as its labels call for; nothing is written.

    Raises:
        SettingsError: the series has no labels, or no baseline that could learn from them.
    """
    address = {
        "dataset": series.dataset,
        "column": series.column_name,
        "segment": series.segment,
        "metric": series.metric,
    }
    points = store.rows(_POINTS, {**address, "points": HISTORY_POINTS})[::-1]
    labels = _labels(store, {**address, "detector": series.detector})
    if not labels:
        raise SettingsError(f"Nobody has said anything of {series.name} yet: `dqm alerts ack ID --as …`.")
    widen = training_of(store, series.dataset).widened.get(series, 1.0)
    ts = np.array([second_of(point["ts"]) for point in points], dtype=np.float64)
    values = np.array([point["value"] for point in points], dtype=np.float64)
    found = relearn(ts, values, labels, setting_of(store, series))
    return Relearning(series, widen, widen * found.factor, tuple(labels), found)


def accept(store: Store, relearning: Relearning, actor: str, reason: str = "") -> None:
    """Let the labels of a series change its training and calibration from now on; the past stays as judged.

    Points of expected spans are learned as normal, labelled incidents teach nothing, and false alarms have
    widened the calibration as far as the preview says. The series is learned anew at its next point.
    """
    series, now = relearning.series, datetime.now(UTC)
    address = _parts(series)
    outcomes = [
        {"opened": one.opened_ts, "said": one.said, "outcome": one.outcome, "lost": one.lost}
        for one in relearning.outcomes
    ]
    preview = as_json({"summary": relearning.summary, "alerts": outcomes})
    row = LearnedRow(*address, relearning.widen_after, actor, now, preview)
    with store.transaction("monitoring.labels", "monitoring.learned", "monitoring.detector_states") as tx:
        found = tx.query(f"SELECT * FROM monitoring.labels WHERE {_WHERE_SERIES}", address).to_pylist()  # noqa: S608
        # What somebody said since the preview is not in it, and waits for the next one.
        waiting = [
            replace(row, accepted_at=now)
            for row in (LabelRow(**one) for one in found)
            if row.accepted_at is None and _label(row.start_ts, row.end_ts, row.kind) in relearning.labels
        ]
        upsert_rows(tx, "monitoring.labels", waiting)
        upsert_rows(tx, "monitoring.learned", [row])
        learn_anew(tx, address)
        audit = AuditRow(now, actor, "series.relearned", "/".join(address), reason, preview)
        append_rows(tx, "monitoring.audit", [audit])


def learn_anew(tx: Transaction, address: Sequence[str]) -> None:
    """Mark what every detector of the series has learned as out of date: no watch asks for such a setting.

    Args:
        tx: The open transaction.
        address: Dataset, column, segment, metric and detector of the series.
    """
    found = tx.query(_STATE_ANEW, address[:4])
    if found.num_rows:
        tx.upsert("monitoring.detector_states", found)


def _labels(store: Store, address: dict[str, str]) -> list[Label]:
    rows = store.rows(_LABELS, address)
    found = (_label(row["start_ts"], row["end_ts"], row["kind"]) for row in rows)
    return [label for label in found if label is not None]


def _label(start: datetime, end: datetime | None, kind: str) -> Label | None:
    return Label(second_of(start), second_of(end), cast("LabelKind", kind)) if end is not None else None


def _label_row(alert: Alert, kind: LabelKind, actor: str, reason: str, now: datetime) -> LabelRow:
    series = alert.series
    return LabelRow(
        label_id=label_id_of(alert.alert_id, "said"),
        dataset=series.dataset,
        column_name=series.column_name,
        segment=series.segment,
        metric=series.metric,
        detector=series.detector,
        kind=kind,
        start_ts=alert.opened_ts,
        end_ts=alert.last_ts,
        alert_id=alert.alert_id,
        actor=actor,
        reason=reason,
        created_at=now,
        accepted_at=None,
    )


def setting_of(store: Store, series: SeriesKey) -> Setting:
    """How a series is judged today.

    Raises:
        SettingsError: its detector judges by a rule, not by a baseline.
    """
    if series.detector == DETECTOR_NAME:
        judged = JUDGED_METRICS[series.metric]
        return Setting(
            METHOD,
            training_of(store, series.dataset).sensitivity(series, SENSITIVITY),
            kind=judged.kind,
            calendar=find_dataset(store.settings, series.dataset).calendar,
            adapt_after=ADAPT_AFTER,
            relevance=judged.relevance,
        )
    states = store.rows(
        f"SELECT state FROM monitoring.detector_states WHERE {_WHERE_SERIES}",  # noqa: S608
        _parts(series),
    )
    if not states:
        raise SettingsError(
            f"{series.name} has no baseline that could learn: detector {series.detector!r} judges by a rule."
        )
    detector = Detector.from_bytes(states[0]["state"])
    return Setting(
        detector.method,
        detector.sensitivity,
        kind=detector.kind,
        calendar=detector.calendar,
        options=detector.options,
        adapt_after=detector.adapt_after,
        relevance=detector.relevance,
    )


def _parts(series: SeriesKey) -> list[str]:
    return [series.dataset, series.column_name, series.segment, series.metric, series.detector]
