"""Contract checks: one Dagster asset check per clause, with counts and failing rows of each batch."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from dqm_assets.checks.metadata import markdown_table
from dqm_assets.quality.contracts import Clause, ClauseResult, Contract
from dqm_assets.quality.plural import counted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    Rows = pa.Table | duckdb.DuckDBPyRelation

#: Dagster knows two severities; only an error may stop what is downstream.
SEVERITY = {
    "error": dg.AssetCheckSeverity.ERROR,
    "warning": dg.AssetCheckSeverity.WARN,
    "info": dg.AssetCheckSeverity.WARN,
}
_CELL = 60
_LISTED = 10


@dataclass(frozen=True)
class ClauseVerdict:
    """What one clause gave on one batch."""

    clause: str
    #: Partition or run; empty when the asset is judged as a whole.
    batch: str
    passed: bool
    failing_rows: int
    checked_rows: int
    message: str
    #: Some failing rows, sensitive values masked.
    sample: Sequence[Mapping[str, Any]] = ()
    #: Snapshot of the store that was judged; None when the rows are not in the store.
    snapshot: int | None = None
    #: What `dqm check show` reopens the failing rows by; empty when nothing is kept.
    evidence: str = ""
    measured: Any = None
    engine: str = ""


#: Judges the clauses of the given ids over the batches of a check's run.
JudgeClauses = Callable[[dg.AssetCheckExecutionContext, Collection[str]], Sequence[ClauseVerdict]]


def contract_checks(
    asset: dg.AssetsDefinition | dg.AssetSpec | dg.AssetKey,
    contract: Contract,
    load: "Callable[[dg.AssetCheckExecutionContext], Rows]",
    *,
    references: "Callable[[], Mapping[str, Rows]] | None" = None,
    snapshot: Callable[[], int] | None = None,
    link: Callable[[Clause], str] | None = None,
) -> dg.AssetChecksDefinition:
    """Make one asset check per clause; checks of one run share one scan of the rows.

    Args:
        asset: the asset to guard; anyone's, this code does not touch it.
        contract: the compiled contract.
        load: gives the rows to judge: those of the run's partitions, or the whole table.
        references: gives the datasets that relationships point to, by name.
        snapshot: gives the store's snapshot that ``load`` reads, so that failing rows can be reopened.
        link: gives the address that shows a clause on the dashboard.

    Raises:
        ValueError: the contract has no clause to check.
    """

    def judge(context: dg.AssetCheckExecutionContext, wanted: Collection[str]) -> list[ClauseVerdict]:
        pinned = snapshot() if snapshot else None
        known = references() if references else {}
        results = contract.check(load(context), now=datetime.now(UTC), references=known, only=wanted)
        return [clause_verdict(result, snapshot=pinned) for result in results]

    return clause_checks(asset, contract, judge, link=link)


def clause_checks(
    asset: dg.AssetsDefinition | dg.AssetSpec | dg.AssetKey,
    contract: Contract,
    judge: JudgeClauses,
    *,
    name: str = "",
    blocking: bool = True,
    link: Callable[[Clause], str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> dg.AssetChecksDefinition:
    """Make one asset check per clause of verdicts that somebody else gives, over any number of batches.

    Args:
        asset: the asset to guard.
        contract: the compiled contract.
        judge: gives the verdicts on the wanted clauses.
        name: name of the whole; made from the asset's key when left out.
        blocking: whether a failing clause of severity error stops what is downstream.
        link: gives the address that shows a clause on the dashboard.
        metadata: of the checks themselves, beside the clause's own.

    Raises:
        ValueError: the contract has no clause to check.
    """
    if not contract.clauses:
        raise ValueError(
            f"{contract.file} has no clause that data can break; describe properties or quality rules"
        )
    key = asset if isinstance(asset, dg.AssetKey) else asset.key

    @dg.multi_asset_check(
        name=name or f"{key.to_python_identifier()}__contract",
        specs=[
            _spec(key, clause, blocking=blocking and clause.blocking, metadata=metadata or {})
            for clause in contract.clauses
        ],
        can_subset=True,
    )
    def judge_contract(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wanted = {check.name for check in context.selected_asset_check_keys}
        verdicts: dict[str, list[ClauseVerdict]] = defaultdict(list)
        for verdict in judge(context, wanted):
            verdicts[verdict.clause].append(verdict)
        for clause in contract.clauses:
            if clause.id in wanted:
                address = link(clause) if link else None
                yield clause_check_result(key, contract, clause, verdicts[clause.id], link=address)

    return judge_contract


def clause_verdict(
    result: ClauseResult, *, batch: str = "", snapshot: int | None = None, evidence: str = ""
) -> ClauseVerdict:
    """What the engine found, as a check tells it."""
    return ClauseVerdict(
        clause=result.clause.id,
        batch=batch,
        passed=result.passed,
        failing_rows=result.failing_rows,
        checked_rows=result.checked_rows,
        message=result.message,
        sample=result.sample,
        snapshot=snapshot,
        evidence=evidence,
        measured=result.measured,
        engine=result.engine,
    )


def clause_check_result(
    key: dg.AssetKey, contract: Contract, clause: Clause, verdicts: Sequence[ClauseVerdict], link: str | None
) -> dg.AssetCheckResult:
    """Turn a clause's verdicts into Dagster's, with everything that was measured as metadata."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=clause.id,
        passed=not failed,
        severity=SEVERITY[clause.severity],
        description=_description(verdicts, failed),
        metadata=_metadata(contract, clause, verdicts, failed, link),
    )


def _description(verdicts: Sequence[ClauseVerdict], failed: Sequence[ClauseVerdict]) -> str:
    if len(verdicts) == 1:
        return verdicts[0].message
    if failed:
        return f"{len(failed)} of {counted(len(verdicts), 'batch')} fail: {failed[0].message}"
    return f"{counted(len(verdicts), 'batch')} passed." if verdicts else "There was nothing to judge."


def _metadata(
    contract: Contract,
    clause: Clause,
    verdicts: Sequence[ClauseVerdict],
    failed: Sequence[ClauseVerdict],
    link: str | None,
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "checked_rows": sum(verdict.checked_rows for verdict in verdicts),
        "failing_rows": sum(verdict.failing_rows for verdict in verdicts),
        "clause": f"{contract.file}:{clause.line} {clause.path}",
        "threshold": str(clause.threshold),
        "dimension": clause.dimension,
        "severity": clause.severity,
        "engine": verdicts[0].engine if verdicts and verdicts[0].engine else clause.engine,
    }
    shown = failed[0] if failed else verdicts[0] if verdicts else None
    if len(verdicts) != 1:
        told |= {"batches": len(verdicts), "failed_batches": len(failed)}
    elif verdicts[0].batch:
        told["batch"] = verdicts[0].batch
    if contract.owner:
        told["owner"] = contract.owner
    if shown is not None and isinstance(shown.measured, int | float):
        told["measured"] = shown.measured
    if shown is not None and shown.snapshot is not None:
        told["snapshot"] = shown.snapshot
    if link:
        told["dashboard"] = dg.MetadataValue.url(link)
    return told | _evidence(verdicts, failed)


def _evidence(verdicts: Sequence[ClauseVerdict], failed: Sequence[ClauseVerdict]) -> dict[str, Any]:
    """Failing batches, the rows of the first of them, and how to reopen these."""
    if not failed:
        return {}
    told: dict[str, Any] = {}
    if len(verdicts) > 1:
        rows = [(v.batch, v.failing_rows, v.checked_rows, v.message) for v in failed[:_LISTED]]
        header = ("batch", "failing rows", "checked rows", "what")
        told["failed"] = dg.MetadataValue.md(markdown_table(header, rows, total=len(failed)))
    first = failed[0]
    if first.sample:
        table = sample_table(first.sample[:_LISTED], first.failing_rows)
        told["failing_sample"] = dg.MetadataValue.md(table)
    if first.evidence:
        told["evidence"] = f"dqm check show {first.evidence}"
    return told


def sample_table(sample: Sequence[Mapping[str, Any]], total: int) -> str:
    """Write failing rows as a markdown table, long values cut."""
    header = list(sample[0])
    rows = [
        ["" if row.get(name) is None else str(row.get(name))[:_CELL] for name in header] for row in sample
    ]
    return markdown_table(header, rows, total=total)


def _spec(
    key: dg.AssetKey, clause: Clause, *, blocking: bool, metadata: Mapping[str, str]
) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        clause.id,
        asset=key,
        description=clause.description,
        blocking=blocking,
        metadata={
            "clause": clause.path,
            "dimension": clause.dimension,
            "severity": clause.severity,
            "engine": clause.engine,
            **metadata,
        },
    )
