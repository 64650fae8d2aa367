"""What every page and route is given: the reads, the hub and the settings."""

from dataclasses import dataclass

from dash_app.services.lineage import DagsterGraph
from dash_app.services.live import LiveHub
from dash_app.services.reads import Reads
from dash_app.services.replays import Replays
from dqm_assets.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The read side of one running dashboard."""

    reads: Reads
    hub: LiveHub
    settings: Settings
    dagster: DagsterGraph
    replays: Replays
