"""Every source of the sources folder in Dagster: assets, checks, a job each, and when it runs."""

import dagster as dg
import structlog

from dqm_assets.defs.databases.assets import source_assets
from dqm_assets.defs.databases.checks import table_checks
from dqm_assets.defs.monitoring.notifications import PIPELINE_TAG
from dqm_assets.pipeline.source_tables import pipeline_of
from dqm_assets.settings import settings
from dqm_assets.sources.databases.source import DatabaseSource
from dqm_assets.sources.databases.source_files import source_files

_log = structlog.get_logger(__name__)


def source_definitions(source: DatabaseSource) -> dg.Definitions:
    """All that Dagster knows of one source; a run of its own looks at it, so no other waits for it.

    Args:
        source: The source.
    """
    if not source.tables:
        return dg.Definitions()
    assets = source_assets(source)
    job = dg.define_asset_job(
        f"source_{source.source}",
        selection=dg.AssetSelection.assets(assets),
        # Looking tells its own failures under the source's pipeline.
        tags={PIPELINE_TAG: pipeline_of(source.source)},
        description=f"Looks at the tables of {source.source} and judges what is new.",
    )
    status = dg.DefaultScheduleStatus.RUNNING if source.enabled else dg.DefaultScheduleStatus.STOPPED
    schedule = dg.ScheduleDefinition(job=job, cron_schedule=source.schedule, default_status=status)
    checks = [check for table in source.tables for check in table_checks(source, table)]
    return dg.Definitions(assets=[assets], asset_checks=checks, jobs=[job], schedules=[schedule])


@dg.definitions
def defs() -> dg.Definitions:
    """A source whose file is wrong is left out, and told; the others are there."""
    found = []
    for one in source_files(settings()):
        if one.source is None:
            _log.error("source_file_refused", problems=[str(problem) for problem in one.problems])
        else:
            found.append(source_definitions(one.source))
    return dg.Definitions.merge(*found) if found else dg.Definitions()
