"""dqm: data quality monitoring as Dagster assets."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dqm_assets.checks.quality import build_quality_checks
    from dqm_assets.components.monitored_database import MonitoredDatabase
    from dqm_assets.components.monitored_dataset import MonitoredDataset

__all__ = ["MonitoredDatabase", "MonitoredDataset", "build_quality_checks"]

_HOMES = {
    "build_quality_checks": "dqm_assets.checks.quality",
    "MonitoredDatabase": "dqm_assets.components.monitored_database",
    "MonitoredDataset": "dqm_assets.components.monitored_dataset",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the engine alone must not load Dagster."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(_HOMES[name]), name)
