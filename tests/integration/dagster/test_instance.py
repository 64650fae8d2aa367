"""Dagster's instance in the store's PostgreSQL."""

import dagster as dg
import psycopg2
from dagster_postgres.event_log import PostgresEventLogStorage

from dqm_assets.settings import Settings


def test_a_connection_that_the_server_closed_is_opened_again(
    home: Settings, instance: dg.DagsterInstance
) -> None:
    @dg.asset
    def rows() -> None: ...

    job = dg.Definitions(assets=[rows]).resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=instance).success
    storage = instance.event_log_storage
    assert isinstance(storage, PostgresEventLogStorage)
    with psycopg2.connect(storage.postgres_url) as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() >= (1,)
    assert job.execute_in_process(instance=instance).success
    assert len(instance.fetch_materializations(dg.AssetKey("rows"), limit=9).records) == 2
