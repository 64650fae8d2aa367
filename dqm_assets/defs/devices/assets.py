"""The assets of the device fleet: inventory → snapshots by segment → online share with its alerts."""

from dataclasses import dataclass

import dagster as dg

from dqm_assets.checks.metadata import dashboard_link, markdown_table
from dqm_assets.defs.resources import StoreResource
from dqm_assets.errors import SettingsError, SourceError
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.pipeline.devices_collect import DATASET, DESCRIPTION, TABLE
from dqm_assets.pipeline.devices_inventory import fetch_inventory, load_inventory
from dqm_assets.pipeline.devices_monitor import monitor
from dqm_assets.pipeline.devices_stage import collect_due, flat_folder
from dqm_assets.settings import settings
from dqm_assets.sources.devices.connection import clock_of, device_url, rule_of

_GROUP = "devices"


@dataclass(frozen=True)
class DeviceAssets:
    """The three assets, in the order of the flow."""

    inventory: dg.AssetsDefinition
    segments: dg.AssetsDefinition
    share: dg.AssetsDefinition

    @property
    def all(self) -> tuple[dg.AssetsDefinition, ...]:
        """All of them."""
        return (self.inventory, self.segments, self.share)


def device_assets() -> DeviceAssets:
    """Make the assets; their owner is the contract's."""
    owner = find_dataset(settings(), DATASET).owner
    owners = [f"team:{owner}"] if owner else None
    return DeviceAssets(_inventory(owners), _segments(owners), _share(owners))


def _inventory(owners: list[str] | None) -> dg.AssetsDefinition:
    @dg.asset(
        name="raw_devices",
        group_name=_GROUP,
        kinds={"api", "duckdb"},
        owners=owners,
        metadata={"dashboard": dashboard_link("/devices")},
        description="Which devices there are, as the device API lists them; replaces the inventory before.",
    )
    def raw_devices(store: StoreResource) -> dg.MaterializeResult:
        try:
            devices, simulated = fetch_inventory(device_url(settings()))
            summary = load_inventory(store.open(), devices, simulated=simulated)
        except (SettingsError, SourceError) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": summary.devices,
                "repeated_codes": summary.repeated,
                "simulated": summary.simulated,
                "table": "raw.devices",
            }
        )

    return raw_devices


def _segments(owners: list[str] | None) -> dg.AssetsDefinition:
    @dg.asset(
        name="segment_timeseries",
        group_name=_GROUP,
        kinds={"api", "duckdb", "csv"},
        owners=owners,
        metadata={"dashboard": dashboard_link("/devices")},
        description=f"{DESCRIPTION} Minutes that were missed are collected as well.",
    )
    def segment_timeseries(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult:
        where = settings()
        try:
            done = collect_due(store.open(), where, clock_of(where), dagster_run_id=context.run.run_id)
        except (SettingsError, SourceError) as error:
            context.log.warning(str(error))
            raise dg.Failure(str(error), allow_retries=False) from None
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": done.rows,
                "snapshots": len(done.times),
                "first": done.times[0].isoformat() if done.times else "",
                "last": done.times[-1].isoformat() if done.times else "",
                "requests": done.requests,
                "rejected_answers": done.rejected,
                "simulated": done.simulated,
                "table": TABLE,
                "flat_files": str(flat_folder(where)),
                "dashboard": dashboard_link("/devices"),
            }
        )

    return segment_timeseries


def _share(owners: list[str] | None) -> dg.AssetsDefinition:
    @dg.asset(
        name="device_online_share",
        deps=["segment_timeseries", "raw_devices"],
        group_name=_GROUP,
        kinds={"python", "duckdb"},
        owners=owners,
        metadata={"dashboard": dashboard_link("/devices")},
        description="Online share of the fleet and of each segment value: verdicts, incidents and alerts.",
    )
    def device_online_share(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult:
        try:
            done = monitor(store.open(), rule_of(settings()), owner=find_dataset(settings(), DATASET).owner)
        except SourceError as error:
            context.log.warning(str(error))
            return dg.MaterializeResult(metadata={"warning": str(error)})
        begun = [(moment.ts.isoformat(), part.title) for moment in done.moments for part in moment.begun]
        return dg.MaterializeResult(
            metadata={
                "snapshots": len(done.moments),
                "points": done.observed.points,
                "alerts_opened": done.observed.opened,
                "alerts_resolved": done.observed.resolved,
                "active_alerts": done.observed.active,
                "incidents": dg.MetadataValue.md(
                    markdown_table(("since", "part of the fleet"), begun) if begun else "No incident began."
                ),
                "dashboard": dashboard_link("/devices"),
            }
        )

    return device_online_share
