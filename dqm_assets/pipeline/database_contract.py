"""The contract of a table in a database, judged on the rows of the periods that are new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from dqm_assets.pipeline.contract_alerts import tell_clauses
from dqm_assets.pipeline.contract_results import clause_outcome, store_outcomes
from dqm_assets.quality.contracts import ClauseResult, Contract
from dqm_assets.store import Store

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
    tell_clauses(store, contract, new.batch, new.seen, results, owner=owner)
    return results


def failed(results: Sequence[ClauseResult]) -> int:
    """Number of clauses that do not hold, those for information left out."""
    return sum(not one.passed and one.clause.severity != "info" for one in results)
