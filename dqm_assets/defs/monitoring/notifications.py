"""Sensors that tell: the outbox is drained, and runs that fail or recover become alerts about pipelines."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.storage.tags import WILL_RETRY_TAG

from dqm_assets.defs.resources import StoreResource
from dqm_assets.notify.drain import drain
from dqm_assets.notify.rules_file import load_rules
from dqm_assets.pipeline.pipeline_alerts import PIPELINE_DETECTOR, pipeline_alert
from dqm_assets.settings import settings

#: Job of runs that were asked for by hand or by automation conditions: its name says nothing.
_UNNAMED_JOB = "__ASSET_JOB"
#: A tick must end long before Dagster gives up on it (60 s).
_DRAIN_SECONDS = 25.0
#: Where a run says which pipeline it belongs to, if not by its job.
PIPELINE_TAG, DATASET_TAG = "dqm/pipeline", "dqm/dataset"
_LONGEST_REASON = 2_000

_ACTIVE = """
    SELECT DISTINCT dataset FROM monitoring.alerts
    WHERE detector = ? AND status <> 'resolved' AND list_contains(?, dataset)
"""


#: Failures that the work of the run told itself, as an alert of its own pipeline or, where the check of the
#: columns blocks, of its dataset: Dagster names a check that blocked as "asset: check".
_TOLD = r"""
    SELECT reason FROM monitoring.pipeline_attempts WHERE dagster_run_id = ? AND status = 'FAILED'
    UNION ALL
    SELECT 'raw_' || regexp_replace(d.table_name, '^raw\.', '') || ': schema'
    FROM monitoring.alerts AS a JOIN monitoring.datasets AS d USING (dataset)
    WHERE a.dataset = ? AND a.detector = 'schema' AND a.status <> 'resolved'
"""


@dg.sensor(
    name="notifications",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends what alerts put into the outbox: routed, in quiet hours held back, retried.",
)
def notifications(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SkipReason:
    """Drain the outbox once."""
    done = drain(store.open(), load_rules(settings()), seconds=_DRAIN_SECONDS)
    told = ", ".join(f"{count} {name}" for name, count in vars(done).items() if count)
    if done.dead:
        context.log.error(f"Notifications are given up: {told}. `dqm notify list --status dead` shows them.")
    return dg.SkipReason(told or "Nothing to tell.")


@dg.run_failure_sensor(
    name="pipeline_failures",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Opens an alert about the pipeline of a run that failed, with stage and reason.",
)
def pipeline_failures(context: dg.RunFailureSensorContext, store: StoreResource) -> None:
    """Open or continue the alert of each pipeline that the run broke, unless the run told it itself.

    A run that was lost with its process or worker, and that Dagster starts again, broke nothing yet.
    """
    opened, run = store.open(), context.dagster_run
    if run.tags.get(WILL_RETRY_TAG) == "true":
        return
    told = [row["reason"] for row in opened.rows(_TOLD, [run.run_id, pipeline_of(run)])]
    for pipeline, stage, reason in broken(context, told):
        pipeline_alert(
            opened,
            pipeline,
            True,
            stage,
            reason[:_LONGEST_REASON],
            _ended(context),
            dagster_run_id=run.run_id,
        )


@dg.run_status_sensor(
    name="pipeline_recoveries",
    run_status=dg.DagsterRunStatus.SUCCESS,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Resolves the alert of a pipeline whose run succeeds.",
)
def pipeline_recoveries(context: dg.RunStatusSensorContext, store: StoreResource) -> None:
    """Resolve the alerts of each pipeline that the run brought to its end."""
    run = context.dagster_run
    names = [pipeline_of(run)] if run.job_name != _UNNAMED_JOB else _steps_of(context)
    opened = store.open()
    for row in opened.rows(_ACTIVE, [PIPELINE_DETECTOR, names]):
        pipeline_alert(opened, row["dataset"], False, "", "", _ended(context), dagster_run_id=run.run_id)


def pipeline_of(run: dg.DagsterRun) -> str:
    """Name of the pipeline of a run: what its tags say, else its job."""
    return run.tags.get(PIPELINE_TAG) or run.tags.get(DATASET_TAG) or run.job_name


def broken(context: dg.RunFailureSensorContext, told: Sequence[str] = ()) -> Iterator[tuple[str, str, str]]:
    """Pipeline, stage and reason for each thing that a failed run broke.

    A run of a named job breaks its pipeline, at the step that failed first. In a run without a job of its
    own each failed asset is a pipeline.

    Args:
        context: Of the run.
        told: Reasons of failures that have an alert already; steps that failed for one of them are left out.
    """
    run = context.dagster_run
    failed = [(event.step_key or "run", _reason(event)) for event in context.get_step_failure_events()]
    steps = [(step, reason) for step, reason in failed if not any(known in reason for known in told)]
    if failed and not steps:
        return
    if run.job_name == _UNNAMED_JOB and steps:
        yield from ((stage, stage, reason) for stage, reason in steps)
        return
    stage, reason = steps[0] if steps else ("run", context.failure_event.message or "the run ended")
    yield pipeline_of(run), stage, reason


def _reason(event: dg.DagsterEvent) -> str:
    """What went wrong in the words of the innermost error that has any, without its traceback."""
    error = event.step_failure_data.error
    told = "failed without an error"
    while error is not None:
        said = error.message.strip()
        if said:
            told = said
        error = error.cause
    # Python writes an error's class with its modules, which help nobody here.
    return re.sub(r"^(?:\w+\.)+(?=\w+: )", "", told)


def _steps_of(context: dg.RunStatusSensorContext) -> list[str]:
    steps = context.instance.get_run_step_stats(context.dagster_run.run_id)
    return [step.step_key for step in steps]


def _ended(context: Any) -> datetime:
    stats = context.instance.get_run_stats(context.dagster_run.run_id)
    return datetime.fromtimestamp(stats.end_time, UTC) if stats.end_time else datetime.now(UTC)
