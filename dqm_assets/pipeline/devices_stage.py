"""The collector as one stage: what is due is collected, and its outcome is recorded."""

from datetime import datetime
from pathlib import Path

from dqm_assets.pipeline.attempts import attempt
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.pipeline.devices_collect import DATASET, CollectSummary, collect, due_times
from dqm_assets.pipeline.devices_inventory import ensure_inventory
from dqm_assets.settings import Settings
from dqm_assets.sources.devices.clock import Clock, whole_minute
from dqm_assets.sources.devices.connection import device_clients, device_url
from dqm_assets.store import Store


def flat_folder(settings: Settings) -> Path:
    """Folder of the flat CSV files, one sub-folder a day."""
    return settings.home.absolute() / "devices"


def collect_due(
    store: Store,
    settings: Settings,
    clock: Clock,
    *,
    moment: datetime | None = None,
    dagster_run_id: str = "",
) -> CollectSummary:
    """Collect what is due, or the snapshot of one time; status, log and alert say how it ended.

    Raises:
        SourceError: the API did not give what was asked for.
        SettingsError: no API is set.
    """
    declared = find_dataset(settings, DATASET)
    with attempt(store, DATASET, owner=declared.owner, dagster_run_id=dagster_run_id) as current:
        current.stage = "inventory"
        ensure_inventory(store, device_url(settings))
        times = (whole_minute(clock.now),) if moment is not None else due_times(store, clock)
        with device_clients(settings) as clients:
            return collect(
                store,
                clients,
                times,
                flat_folder(settings),
                current,
                owner=declared.owner,
                contract=str(declared.contract_path or ""),
            )
