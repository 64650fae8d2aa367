"""The event streams in Dagster: what is known of them, and the jobs around them."""

from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from dqm_assets.defs.resources import process_store
from dqm_assets.defs.streams.assets import stream_asset, stream_work
from dqm_assets.defs.streams.checks import stream_checks

#: Without a report of a consumer for so long there is nothing to do.
_IDLE = timedelta(minutes=15)
_LAST = "SELECT max(ts) AS at FROM monitoring.stream_health"


@dg.definitions
def defs() -> dg.Definitions:
    """The stream, its checks, its jobs and their schedules."""
    stream = stream_asset()
    work = {asset.key.to_user_string(): asset for asset in stream_work()}
    jobs = {
        name: dg.define_asset_job(name, selection=dg.AssetSelection.assets(asset), description=asset_words)
        for name, asset, asset_words in (
            ("streams_compaction", work["stream_compaction"], "Merges small files of the stream's tables."),
            (
                "streams_reconciliation",
                work["stream_reconciliation"],
                "Each offset once, against the broker.",
            ),
            ("streams_backfill", work["stream_backfill"], "Reads missing offsets again."),
            ("streams_replay", work["stream_replay"], "Tries dead letters again."),
        )
    }
    contract = dg.define_asset_job(
        "streams_checks",
        selection=dg.AssetSelection.checks_for_assets(stream.key),
        description="Judges the contract on a sample of the last events.",
    )
    return dg.Definitions(
        assets=[stream, *work.values()],
        asset_checks=stream_checks(stream),
        jobs=[contract, *jobs.values()],
        schedules=[
            _while_consumed(contract, "*/10 * * * *"),
            _while_consumed(jobs["streams_compaction"], "5-59/20 * * * *"),
            _while_consumed(jobs["streams_reconciliation"], "35 * * * *"),
        ],
    )


def _while_consumed(job: UnresolvedAssetJobDefinition, cron: str) -> dg.ScheduleDefinition:
    """A schedule that rests while nothing is consumed."""

    @dg.schedule(
        job=job,
        cron_schedule=cron,
        name=f"{job.name}_schedule",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def due() -> dg.RunRequest | dg.SkipReason:
        last = process_store().rows(_LAST)[0]["at"]
        if last is None or datetime.now(UTC) - last > _IDLE:
            return dg.SkipReason("No stream is consumed: dqm stream run.")
        return dg.RunRequest()

    return due
