"""Alerts of contracts over batches that are no runs of files: one for each clause that does not hold."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dqm_assets.pipeline.pipeline_alerts import advance_alert, end_alert
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding
from dqm_assets.quality.contracts import ClauseResult, Contract
from dqm_assets.quality.verdict import limit_verdict
from dqm_assets.store import Store

DETECTOR = "contract"

_ACTIVE = """
    SELECT metric FROM monitoring.alerts WHERE dataset = ? AND detector = ? AND status <> 'resolved'
"""


def tell_clauses(
    store: Store, contract: Contract, batch: str, at: datetime, results: Sequence[ClauseResult], *, owner: str
) -> None:
    """Open the alert of each clause that fails, and resolve that of each which holds again or is no more.

    The same batch again changes nothing. Clauses for information are never alerts.

    Args:
        store: The open store.
        contract: The contract that was judged.
        batch: Name of the batch.
        at: Its time; of batches that are not newer than what was seen nothing is told.
        results: What its clauses found, all or some of them.
        owner: Who is told.
    """
    dataset = contract.dataset
    active = {row["metric"] for row in store.rows(_ACTIVE, [dataset, DETECTOR])}
    watched = {clause.id for clause in contract.clauses if clause.severity != "info"}
    for gone in sorted(active - watched):
        reason = f"the contract has no clause {gone} any more"
        end_alert(store, SeriesKey(dataset, "", "", gone, DETECTOR), reason, datetime.now(UTC))
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
