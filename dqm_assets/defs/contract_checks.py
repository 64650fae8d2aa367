"""Contract checks of sources whose rows do not come in files: judged in Dagster, kept in the store."""

from collections.abc import Collection
from datetime import UTC, datetime

import dagster as dg

from dqm_assets.checks.contract import ClauseVerdict, clause_checks, clause_verdict
from dqm_assets.checks.lineage import DATASET_KEY
from dqm_assets.checks.metadata import dashboard_address
from dqm_assets.defs.resources import process_store
from dqm_assets.pipeline.contract_alerts import tell_clauses
from dqm_assets.pipeline.contract_results import clause_outcome, store_outcomes
from dqm_assets.pipeline.evidence import evidence_id
from dqm_assets.pipeline.newest_batch import newest_batch
from dqm_assets.quality.contracts import Clause, Contract


def newest_batch_checks(
    asset: dg.AssetsDefinition | dg.AssetSpec, contract: Contract
) -> dg.AssetChecksDefinition:
    """Make one asset check per clause over the newest batch of the contract's dataset.

    What each clause found is kept, so that the dashboard shows it and its rows can be reopened, and a clause
    that does not hold is an alert, once.

    Args:
        asset: The asset that brings the batches.
        contract: The contract of the dataset.
    """

    def judge(_context: dg.AssetCheckExecutionContext, wanted: Collection[str]) -> list[ClauseVerdict]:
        store, now = process_store(), datetime.now(UTC)
        batch = newest_batch(store, contract.dataset)
        if batch is None:
            return []
        results = contract.check(batch.rows, now=now, only=wanted)
        store_outcomes(
            store,
            [
                clause_outcome(batch.dataset, batch.name, result, snapshot=batch.snapshot, now=now)
                for result in results
            ],
        )
        tell_clauses(store, contract, batch.name, batch.at, results, owner=contract.owner)
        return [
            clause_verdict(
                result,
                batch=batch.name,
                snapshot=batch.snapshot,
                evidence=evidence_id(batch.dataset, batch.name, result.clause.id),
            )
            for result in results
        ]

    def link(clause: Clause) -> str:
        return dashboard_address("/contracts", dataset=contract.dataset, clause=clause.id)

    return clause_checks(asset, contract, judge, link=link, metadata={DATASET_KEY: contract.dataset})
