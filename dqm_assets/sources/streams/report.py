"""What the service tells of itself every few seconds: its health, the pipeline's status, its trouble."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import structlog

from dqm_assets.error_log import error_log
from dqm_assets.errors import DqmError
from dqm_assets.pipeline.datasets import find_dataset, register_source
from dqm_assets.pipeline.pipeline_alerts import pipeline_alert
from dqm_assets.pipeline.rows import append_rows, as_json, upsert_rows
from dqm_assets.pipeline.status import FailureRow, StatusRow
from dqm_assets.sources.streams.meter import VERDICT_EDGES, TimeHistogram
from dqm_assets.sources.streams.window_judge import DATASET, DESCRIPTION, TABLE, JudgeSummary
from dqm_assets.store import Store

if TYPE_CHECKING:
    from dqm_assets.sources.streams.service import TopicWatch

HEALTH = "monitoring.stream_health"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HealthRow:
    """A line of ``monitoring.stream_health``."""

    topic: str
    consumer: str
    ts: datetime
    seconds: float
    events: int
    dead_letters: int
    lag: int | None
    p50_ms: float | None
    p99_ms: float | None
    commit_ms: float | None
    verdict_ms: float | None
    claims: int
    simulated: bool


class StreamReporter:
    """Writes the service's health; an outage of the store loses a report and nothing else."""

    def __init__(self, store: Store, watches: "Sequence[TopicWatch]", share: tuple[int, int]) -> None:
        self._store, self._watches = store, watches
        self._consumer = f"{share[0]}/{share[1]}"
        self._dataset = find_dataset(store.settings, DATASET)
        self._guard = threading.Lock()
        #: Seconds from a window's begin to its stored verdicts.
        self.verdicts = TimeHistogram(VERDICT_EDGES)
        self.windows = self.opened = 0
        self._waits: list[float] = []
        self._failed = False

    def judged(self, summary: JudgeSummary) -> None:
        """Take note of windows that were judged."""
        with self._guard:
            self.windows += summary.windows
            self.opened += summary.opened
            self._waits += summary.waits
            self.verdicts.add(np.array(summary.waits, dtype=np.float64))

    def report(self) -> None:
        """Write how each topic is."""
        now = datetime.now(UTC)
        with self._guard:
            waits, self._waits = sorted(self._waits), []
        verdict_ms = waits[int(0.95 * (len(waits) - 1))] * 1e3 if waits else None
        rows = [self._row(watch, now, verdict_ms) for watch in self._watches]
        trouble = "; ".join(f"{watch.topic}: {watch.trouble}" for watch in self._watches if watch.trouble)
        details = as_json({row.topic: vars(row) for row in rows})
        status = (
            FailureRow(DATASET, "FAILED", now, "consume", trouble)
            if trouble
            else StatusRow(DATASET, "SUCCESS", now, now, "consume", "", details)
        )
        try:
            with self._store.transaction() as tx:
                append_rows(tx, HEALTH, rows)
                upsert_rows(tx, "monitoring.pipeline_status", [status])
            self._register(simulated=any(row.simulated for row in rows))
            self._alert(trouble, now)
        except DqmError as error:
            _log.warning("stream_report_not_written", error=str(error))

    def _row(self, watch: "TopicWatch", now: datetime, verdict_ms: float | None) -> HealthRow:
        reading = watch.meter.read()
        return HealthRow(
            watch.topic,
            self._consumer,
            now,
            reading.seconds,
            reading.events,
            reading.dead_letters,
            watch.lag,
            _known(reading.p50_ms),
            _known(reading.p99_ms),
            _known(reading.commit_ms),
            verdict_ms,
            reading.claims,
            reading.simulated,
        )

    def _register(self, *, simulated: bool) -> None:
        register_source(
            self._store,
            DATASET,
            TABLE,
            self._dataset.owner,
            str(self._dataset.contract_path or ""),
            DESCRIPTION,
            simulated,
            timestamp_column="ts",
        )

    def _alert(self, trouble: str, now: datetime) -> None:
        if trouble:
            error_log(self._store.settings.home).error(
                "pipeline_failed", pipeline=DATASET, stage="consume", reason=trouble
            )
        if trouble or self._failed:
            pipeline_alert(
                self._store, DATASET, bool(trouble), "consume", trouble, now, owner=self._dataset.owner
            )
        self._failed = bool(trouble)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
