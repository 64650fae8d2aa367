"""Checks of the device fleet: the contracts of inventory and snapshots, the age of the data, the drop."""

import dagster as dg

from dqm_assets.checks.freshness import DataAge, freshness_check
from dqm_assets.checks.metadata import markdown_table
from dqm_assets.defs.contract_checks import newest_batch_checks
from dqm_assets.defs.devices.assets import DeviceAssets
from dqm_assets.defs.resources import StoreResource, process_store
from dqm_assets.errors import SourceError
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.pipeline.devices_collect import DATASET
from dqm_assets.pipeline.devices_inventory import DATASET as INVENTORY
from dqm_assets.pipeline.devices_status import FleetStatus, fleet_status
from dqm_assets.quality.contracts.sla import Sla
from dqm_assets.settings import settings
from dqm_assets.sources.devices.connection import rule_of

_ARRIVALS = 400
_LISTED = 10
_AGE = "SELECT min({column}) AS oldest, max({column}) AS newest FROM raw.device_payloads"
_RECEIVED = "SELECT received_at FROM raw.device_payloads ORDER BY received_at DESC LIMIT ?"


def device_checks(assets: DeviceAssets) -> list[dg.AssetChecksDefinition]:
    """Make the checks of the fleet's assets.

    Args:
        assets: The assets.
    """
    inventory = find_dataset(settings(), INVENTORY).contract
    snapshots = find_dataset(settings(), DATASET).contract
    checks = [
        freshness_check(assets.segments.key, _age, sla=snapshots.sla if snapshots else Sla()),
        _drop_check(assets),
    ]
    if inventory is not None:
        checks.append(newest_batch_checks(assets.inventory, inventory))
    if snapshots is not None:
        checks.append(newest_batch_checks(assets.segments, snapshots))
    return checks


def _age(_context: dg.AssetCheckExecutionContext) -> DataAge:
    """Of the data; with an accelerated clock, whose times are invented, of its arrival."""
    store = process_store()
    column = "ts" if settings().devices_simulate_minutes is None else "received_at"
    span = store.rows(_AGE.format(column=column))[0]
    received = store.rows(_RECEIVED, [_ARRIVALS])
    return DataAge(span["newest"], sorted(row["received_at"] for row in received), span["oldest"])


def _drop_check(assets: DeviceAssets) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=assets.share,
        name="online_share_drop",
        description="The latest online share against the mean of the snapshots before it.",
    )
    def online_share_drop(store: StoreResource) -> dg.AssetCheckResult:
        rule = rule_of(settings())
        try:
            status = fleet_status(store.open(), rule)
        except SourceError as error:
            return _result(assets, passed=True, description=str(error), metadata={})
        return _result(assets, passed=not status.alert, description=_words(status), metadata=_facts(status))

    return online_share_drop


def _result(assets: DeviceAssets, *, passed: bool, description: str, metadata: dict) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=assets.share.key,
        check_name="online_share_drop",
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=description,
        metadata=metadata,
    )


def _words(status: FleetStatus) -> str:
    share = f"{status.fleet.share:.1%} of {status.inventory:,} devices are online"
    if status.alert:
        return f"{share}. {status.explanation or ', '.join(part.title for part in status.broken)}"
    baseline = status.fleet.baseline
    return f"{share}; before it was {baseline:.1%}." if baseline is not None else f"{share}; learning."


def _facts(status: FleetStatus) -> dict:
    rows = [
        (part.name, part.online, part.devices, f"{part.share:.1%}", f"{part.drop:.1%}")
        for part in status.parts[:_LISTED]
        if part.drop is not None
    ]
    return {
        "share": status.fleet.share,
        "baseline": status.fleet.baseline if status.fleet.baseline is not None else -1.0,
        "drop": status.fleet.drop if status.fleet.drop is not None else 0.0,
        "broken": ", ".join(part.title for part in status.broken),
        "simulated": status.simulated,
        "largest_drops": dg.MetadataValue.md(
            markdown_table(("part", "online", "devices", "share", "drop"), rows)
        ),
    }
