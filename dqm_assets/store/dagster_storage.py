"""Dagster's instance in the PostgreSQL that holds the store's catalog; dagster.yaml names no address."""

from typing import Any

from dagster._config.config_schema import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage

from dqm_assets.settings import settings
from dqm_assets.store.postgres import Postgres


class DqmDagsterStorage(DagsterPostgresStorage):
    """Runs, events and schedules of Dagster, in PostgreSQL: embedded, or the one of ``DQM_POSTGRES_URL``.

    Each process that opens the instance joins the embedded server, or starts it, so that
    ``dagster dev``, a run worker and the command line all work with nothing set up before.
    """

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """No options: the environment says it all."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "DqmDagsterStorage":
        """Find or start the server and open Dagster's database in it."""
        return cls(postgres_url=Postgres(settings()).join().dagster, inst_data=inst_data)
