"""Dagster's instance in the PostgreSQL that holds the store's catalog; dagster.yaml names no address."""

from typing import Any

from dagster._config.config_schema import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine

from dqm_assets.settings import settings
from dqm_assets.store.postgres import Postgres

#: Connections that a process may open at once, of which it keeps one, and for how long.
_MOST_CONNECTIONS, _KEPT_SECONDS = 20, 300


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
        storage = cls(postgres_url=Postgres(settings()).join().dagster, inst_data=inst_data)
        for part in (storage.event_log_storage, storage.run_storage):
            if isinstance(part, PostgresEventLogStorage | PostgresRunStorage):
                _keep_connection(part)
        return storage


def _keep_connection(part: PostgresEventLogStorage | PostgresRunStorage) -> None:
    """Have a storage keep a connection open, as Dagster's own web server does.

    Dagster opens one for each statement otherwise, two for each check: 100 checks then waited two seconds for
    PostgreSQL to start processes. A kept one that the server has closed meanwhile is opened again.
    """
    part._engine = create_pg_engine(
        part.postgres_url,
        isolation_level="AUTOCOMMIT",
        pool_size=1,
        max_overflow=_MOST_CONNECTIONS - 1,
        pool_pre_ping=True,
        pool_recycle=_KEPT_SECONDS,
    )
