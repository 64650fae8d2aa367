"""Alerts of contracts over batches that are no runs of files: one for each clause that does not hold."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from dqm_assets.pipeline.pipeline_alerts import advance_alert
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding
from dqm_assets.quality.contracts import ClauseResult
from dqm_assets.quality.verdict import limit_verdict
from dqm_assets.store import Store

DETECTOR = "contract"

_ACTIVE = """
    SELECT metric FROM monitoring.alerts WHERE dataset = ? AND detector = ? AND status <> 'resolved'
"""


def tell_clauses(
    store: Store, dataset: str, batch: str, at: datetime, results: Sequence[ClauseResult], *, owner: str
) -> None:
    """Open the alert of each clause that fails, and resolve that of each which holds again.

    The same batch again changes nothing. Clauses for information are never alerts.

    Args:
        store: The open store.
        dataset: The contract's dataset.
        batch: Name of the batch.
        at: Its time; of batches that are not newer than what was seen nothing is told.
        results: What the clauses found.
        owner: Who is told.
    """
    active = {row["metric"] for row in store.rows(_ACTIVE, [dataset, DETECTOR])}
    for result in results:
        clause = result.clause
        if clause.severity == "info" or (result.passed and clause.id not in active):
            continue
        policy = AlertPolicy(
            severity=clause.severity,
            resolve_after=1,
            reopen_within=timedelta(hours=1),
            owner=owner,
            escalate_after=0,
            error_beyond=math.inf,
            critical_beyond=math.inf,
        )
        series = SeriesKey(dataset, clause.column, "", clause.id, DETECTOR)
        title = "" if result.passed else f"{dataset}: {result.message}"
        verdict = limit_verdict(DETECTOR, at, float(result.failing_rows), broken=not result.passed)
        advance_alert(store, Finding(series, batch, verdict), policy, title, result.message)
