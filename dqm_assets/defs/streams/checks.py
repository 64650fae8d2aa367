"""Checks of the stream: what the service reports, and the contract on a sample of the last minutes."""

import dagster as dg
import pyarrow as pa

from dqm_assets.checks.contract import contract_checks
from dqm_assets.defs.resources import StoreResource, process_store
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.settings import settings
from dqm_assets.sources.streams.checks import CHECKS
from dqm_assets.sources.streams.window_judge import DATASET

#: Events that the contract is judged on: those of the last minutes, and of many an even share. A repeated
#: event is one event, whose repetitions are judged as a metric of the windows.
_MINUTES, _MOST = 5, 20_000
_SAMPLE = f"""
    SELECT event_id, source, sensor, ts, value, status FROM raw.stream_events
    WHERE stored_at >= (SELECT max(ts) FROM monitoring.stream_health) - INTERVAL '{_MINUTES} minutes'
    QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY record_offset) = 1
    USING SAMPLE reservoir({_MOST} ROWS) REPEATABLE (7)
"""  # noqa: S608 - constants


def stream_checks(stream: dg.AssetSpec) -> list[dg.AssetChecksDefinition]:
    """Make the checks of the stream.

    Args:
        stream: The external asset.
    """
    checks = [_reported(stream.key, name) for name in CHECKS]
    contract = find_dataset(settings(), DATASET).contract
    if contract is not None:
        checks.append(contract_checks(stream, contract, _newest))
    return checks


def _newest(_context: dg.AssetCheckExecutionContext) -> pa.Table:
    return process_store().query(_SAMPLE)


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
