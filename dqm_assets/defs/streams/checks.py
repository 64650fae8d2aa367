"""Checks of the stream: what the service reports, and the contract on a sample of the last minutes."""

import dagster as dg

from dqm_assets.defs.contract_checks import newest_batch_checks
from dqm_assets.defs.resources import StoreResource
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.settings import settings
from dqm_assets.sources.streams.checks import CHECKS
from dqm_assets.sources.streams.window_judge import DATASET


def stream_checks(stream: dg.AssetSpec) -> list[dg.AssetChecksDefinition]:
    """Make the checks of the stream.

    Args:
        stream: The external asset.
    """
    checks = [_reported(stream.key, name) for name in CHECKS]
    contract = find_dataset(settings(), DATASET).contract
    if contract is not None:
        checks.append(newest_batch_checks(stream, contract))
    return checks


def _reported(asset: dg.AssetKey, name: str) -> dg.AssetChecksDefinition:
    """A check that the service reports, to be run by hand as well."""
    judge = CHECKS[name]

    @dg.asset_check(asset=asset, name=name, description=judge.__doc__)
    def check(store: StoreResource) -> dg.AssetCheckResult:
        found = judge(store.open())
        return dg.AssetCheckResult(
            passed=found.passed,
            severity=dg.AssetCheckSeverity.WARN,
            description=found.description,
            metadata=dict(found.metadata),
        )

    return check
