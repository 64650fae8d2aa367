"""The contract of a table in a database, judged on the rows of the periods that are new."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from dqm_assets.pipeline.contract_results import clause_outcome, store_outcomes
from dqm_assets.pipeline.pipeline_alerts import active_alert, advance_alert
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding
from dqm_assets.quality.contracts import ClauseResult, Contract
from dqm_assets.quality.detectors import Verdict
from dqm_assets.store import Store

DETECTOR = "contract"
#: Rows that are fetched for a contract; more are not looked at, and the result says how many were.
MOST_ROWS = 200_000


@dataclass(frozen=True)
class NewRows:
    """Rows of the periods that are new.

    Attributes:
        dataset: the table's dataset.
        batch: name of the newest period.
        rows: the rows.
        seen: when they were fetched.
    """

    dataset: str
    batch: str
    rows: pa.Table
    seen: datetime


def judge_contract(store: Store, contract: Contract, new: NewRows, *, owner: str) -> list[ClauseResult]:
    """Judge rows by every clause, keep the outcomes, and open or end the alert of each clause.

    Args:
        store: the open store.
        contract: the table's contract.
        new: the rows.
        owner: who is told.
    """
    results = contract.check(new.rows, now=new.seen)
    snapshot = store.version()
    outcomes = [
        clause_outcome(new.dataset, new.batch, one, snapshot=snapshot, now=new.seen) for one in results
    ]
    store_outcomes(store, outcomes)
    for result in results:
        if result.clause.severity != "info":
            _tell(store, new, result, owner)
    return results


def _tell(store: Store, new: NewRows, result: ClauseResult, owner: str) -> None:
    clause = result.clause
    series = SeriesKey(new.dataset, clause.column, "", clause.id, DETECTOR)
    if result.passed and active_alert(store, series) is None:
        return
    policy = AlertPolicy(
        severity=clause.severity,
        resolve_after=1,
        reopen_within=timedelta(hours=1),
        owner=owner,
        escalate_after=0,
        error_beyond=math.inf,
        critical_beyond=math.inf,
    )
    title = "" if result.passed else f"{new.dataset}: {result.message}"
    finding = Finding(series, new.batch, _verdict(result, new.seen))
    advance_alert(store, finding, policy, title, result.message)


def _verdict(result: ClauseResult, seen: datetime) -> Verdict:
    failing = float(result.failing_rows)
    verdict = "normal" if result.passed else "anomalous"
    return Verdict(seen, failing, 0.0, 0.0, 0.5, 0.5, failing, verdict, DETECTOR, 1, 0, {})


def failed(results: Sequence[ClauseResult]) -> int:
    """Number of clauses that do not hold, those for information left out."""
    return sum(not one.passed and one.clause.severity != "info" for one in results)
