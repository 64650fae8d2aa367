"""Contract checks: one Dagster asset check per clause, with counts and failing rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from dqm_assets.checks.metadata import markdown_table
from dqm_assets.quality.contracts import Clause, ClauseResult, Contract

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
    if not contract.clauses:
        raise ValueError(
            f"{contract.file} has no clause that data can break; describe properties or quality rules"
        )
    key = asset if isinstance(asset, dg.AssetKey) else asset.key

    @dg.multi_asset_check(
        name=f"{key.to_python_identifier()}__contract",
        specs=[_spec(key, clause) for clause in contract.clauses],
        can_subset=True,
    )
    def judge_contract(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wanted = {check.name for check in context.selected_asset_check_keys}
        pinned = snapshot() if snapshot else None
        known = references() if references else {}
        results = contract.check(load(context), now=datetime.now(UTC), references=known, only=wanted)
        for result in results:
            address = link(result.clause) if link else None
            yield clause_check_result(key, contract, result, snapshot=pinned, link=address)

    return judge_contract


def clause_check_result(
    key: dg.AssetKey, contract: Contract, result: ClauseResult, *, snapshot: int | None, link: str | None
) -> dg.AssetCheckResult:
    """Turn a clause's verdict into Dagster's, with everything that was measured as metadata."""
    metadata: dict[str, Any] = {
        "checked_rows": result.checked_rows,
        "failing_rows": result.failing_rows,
        "clause": f"{contract.file}:{result.clause.line} {result.clause.path}",
        "threshold": str(result.clause.threshold),
        "engine": result.engine,
        "dimension": result.clause.dimension,
        "severity": result.clause.severity,
    }
    if isinstance(result.measured, int | float):
        metadata["measured"] = result.measured
    if contract.owner:
        metadata["owner"] = contract.owner
    if snapshot is not None:
        metadata["snapshot"] = snapshot
    if link:
        metadata["dashboard"] = dg.MetadataValue.url(link)
    if result.sample:
        metadata["failing_sample"] = dg.MetadataValue.md(sample_table(result.sample, result.failing_rows))
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=result.clause.id,
        passed=result.passed,
        severity=SEVERITY[result.clause.severity],
        description=result.message,
        metadata=metadata,
    )


def sample_table(sample: Sequence[Mapping[str, Any]], total: int) -> str:
    """Write failing rows as a markdown table, long values cut."""
    header = list(sample[0])
    rows = [
        ["" if row.get(name) is None else str(row.get(name))[:_CELL] for name in header] for row in sample
    ]
    return markdown_table(header, rows, total=total)


def _spec(key: dg.AssetKey, clause: Clause) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        clause.id,
        asset=key,
        description=clause.description,
        blocking=clause.blocking,
        metadata={"clause": clause.path, "dimension": clause.dimension, "engine": clause.engine},
    )
