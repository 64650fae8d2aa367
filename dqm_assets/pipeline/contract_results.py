"""Contract results: each clause of a dataset's contract, judged over the rows of each run."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.raw_rows import loaded_runs, run_tables
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.quality.contracts import ClauseResult
from dqm_assets.store import Store


@dataclass(frozen=True)
class ClauseOutcome:
    """A line of ``monitoring.contract_violations``: one clause over one run, passed or not."""

    dataset: str
    run_id: str
    clause: str
    severity: str
    dimension: str
    failing_rows: int
    checked_rows: int
    passed: bool
    message: str
    sample: str
    #: Fingerprint of the clause as it was when it was judged.
    definition: str
    snapshot: int
    checked_at: datetime
    #: The column without which the clause could not be judged; empty when it was.
    missing_column: str | None = ""


def clause_outcome(
    dataset: str, run_id: str, result: ClauseResult, *, snapshot: int, now: datetime
) -> ClauseOutcome:
    """What is kept of a clause's verdict on one run (or partition, or batch)."""
    return ClauseOutcome(
        dataset=dataset,
        run_id=run_id,
        clause=result.clause.id,
        severity=result.clause.severity,
        dimension=result.clause.dimension or "",
        failing_rows=result.failing_rows,
        checked_rows=result.checked_rows,
        passed=result.passed,
        message=result.message,
        sample=as_json(list(result.sample)),
        definition=result.clause.fingerprint,
        snapshot=snapshot,
        checked_at=now,
        missing_column=result.missing_column,
    )


def store_outcomes(store: Store, rows: Sequence[ClauseOutcome]) -> None:
    """Write outcomes; judging the same run again replaces them."""
    with store.transaction("monitoring.contract_violations") as tx:
        upsert_rows(tx, "monitoring.contract_violations", rows)


def check_contract(store: Store, dataset: Dataset, run_ids: Sequence[str]) -> dict[str, list[ClauseOutcome]]:
    """Judge the contract over the rows of each run and store the outcome of every clause.

    Args:
        store: The open store.
        dataset: The dataset of the runs; without a contract there is nothing to judge.
        run_ids: Runs to judge; those that are not loaded are left out.

    Returns:
        Outcomes by run, in the order of the contract's clauses.
    """
    outcomes: dict[str, list[ClauseOutcome]] = {}
    contract = dataset.contract
    if contract is None:
        return outcomes
    for chunk in run_tables(store, dataset, loaded_runs(store, dataset, run_ids)):
        snapshot, now = store.version(), datetime.now(UTC)
        for run, table in chunk:
            outcomes[run.run_id] = [
                clause_outcome(dataset.name, run.run_id, result, snapshot=snapshot, now=now)
                for result in contract.check(table, now=now)
            ]
        store_outcomes(store, [row for run, _ in chunk for row in outcomes[run.run_id]])
    return outcomes


def contract_results(
    store: Store, dataset: Dataset, run_ids: Sequence[str]
) -> dict[str, list[ClauseOutcome]]:
    """Outcomes by run: those stored since the run was loaded, the others judged now.

    The asset check and the run registry both want them; whoever comes first does the work.
    An outcome of a clause that has another threshold by now counts for nothing.
    """
    if dataset.contract is None or not run_ids:
        return {}
    rows = store.rows(
        """
        SELECT v.* FROM monitoring.contract_violations AS v
        JOIN metrics.runs AS r
          ON r.dataset = v.dataset AND r.run_id = v.run_id AND v.checked_at >= r.registered_at
        WHERE v.dataset = ? AND list_contains(?, v.run_id)
        """,
        [dataset.name, list(run_ids)],
    )
    current = {clause.id: clause.fingerprint for clause in dataset.contract.clauses}
    stored: dict[str, list[ClauseOutcome]] = defaultdict(list)
    for row in rows:
        if current.get(row["clause"]) == row["definition"]:
            stored[row["run_id"]].append(ClauseOutcome(**row))
    complete = {run_id: found for run_id, found in stored.items() if len(found) == len(current)}
    missing = [run_id for run_id in run_ids if run_id not in complete]
    return {**complete, **check_contract(store, dataset, missing)}
