"""The sensors that tell: a failed run becomes an alert, the next success ends it, the outbox is drained."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dqm_assets.definitions import defs
from dqm_assets.defs.monitoring.notifications import (
    notifications,
    pipeline_failures,
    pipeline_recoveries,
)
from dqm_assets.defs.resources import StoreResource, process_store
from dqm_assets.pipeline.attempts import attempt
from dqm_assets.settings import Settings, settings
from tests.integration.notify.receivers import Webhook

STORE = {"store": StoreResource()}


class BrokenError(Exception):
    """Something that a stage stumbled over."""


def job_of(tags: dict[str, str] | None = None, *, fails: bool, name: str = "prices_job") -> dg.JobDefinition:
    @dg.op
    def fetch() -> None:
        if fails:
            raise BrokenError("the price API answered 503")

    @dg.job(name=name, tags=tags)
    def prices() -> None:
        fetch()

    return prices


def quotes_asset(*, fails: bool) -> dg.AssetsDefinition:
    @dg.asset
    def quotes() -> dg.MaterializeResult:
        if fails:
            raise BrokenError("no quotes")
        return dg.MaterializeResult()

    return quotes


def finish(instance: dg.DagsterInstance, job: dg.JobDefinition) -> None:
    """Run the job and let the sensor that its end concerns see it, as the daemon would."""
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    see(instance, result.dagster_run, succeeded=result.success)


def see(instance: dg.DagsterInstance, run: dg.DagsterRun, *, succeeded: bool) -> None:
    kind = dg.DagsterEventType.RUN_SUCCESS if succeeded else dg.DagsterEventType.RUN_FAILURE
    [record] = instance.get_records_for_run(run.run_id, of_type=kind).records
    event = record.event_log_entry.get_dagster_event()
    sensor = pipeline_recoveries if succeeded else pipeline_failures
    context: Any = dg.build_run_status_sensor_context(
        sensor.name, event, instance, run, resources=STORE, partition_key=None
    )
    if not succeeded:
        context = context.for_run_failure()
    sensor(context)


@pytest.fixture
def alerts(home: Settings) -> Iterator[Any]:
    store = process_store()
    yield lambda name: store.rows(
        "SELECT status, title, first_batch, json_extract_string(evidence, '$.explanation') AS why "
        "FROM monitoring.alerts WHERE dataset = ? AND detector = 'pipeline'",
        [name],
    )


def test_a_failed_run_is_an_alert_with_stage_and_reason_until_the_next_one_succeeds(
    instance: dg.DagsterInstance, alerts: Any
) -> None:
    for _ in range(2):
        finish(instance, job_of(fails=True))
    [alert] = alerts("prices_job")
    assert (alert["status"], alert["title"]) == ("open", "prices_job failed at fetch")
    assert alert["why"] == "prices_job failed at fetch: BrokenError: the price API answered 503"
    assert instance.get_run_by_id(alert["first_batch"]) is not None
    finish(instance, job_of(fails=False))
    assert [row["status"] for row in alerts("prices_job")] == ["resolved"]


def test_a_run_that_was_lost_with_its_process_is_told_when_repeating_it_did_not_help(
    instance: dg.DagsterInstance, alerts: Any
) -> None:
    job, first = job_of(fails=True), None
    for attempt_number in range(3):
        retry = {"dagster/root_run_id": first, "dagster/parent_run_id": first} if first else {}
        run = instance.create_run_for_job(
            job, tags={"dqm/dataset": "lost", **retry}, root_run_id=first, parent_run_id=first
        )
        first = first or run.run_id
        instance.report_run_failed(run, "The run's process is gone.")
        [failed] = instance.get_runs(dg.RunsFilter(run_ids=[run.run_id]))
        see(instance, failed, succeeded=False)
        assert len(alerts("lost")) == (1 if attempt_number == 2 else 0)


def test_a_run_says_by_its_tags_which_pipeline_it_belongs_to(
    instance: dg.DagsterInstance, alerts: Any
) -> None:
    finish(instance, job_of({"dqm/dataset": "orders"}, fails=True))
    assert [row["status"] for row in alerts("orders")] == ["open"]
    finish(instance, job_of({"dqm/dataset": "orders"}, fails=False, name="other_job"))
    assert [row["status"] for row in alerts("orders")] == ["resolved"]


def test_a_failure_that_the_work_told_itself_is_one_alert(instance: dg.DagsterInstance, alerts: Any) -> None:
    @dg.op
    def fetch(context: dg.OpExecutionContext) -> None:
        with attempt(process_store(), "rates", dagster_run_id=context.run_id):
            raise BrokenError("the rate API answered 503")

    @dg.job(name="rates_job")
    def rates() -> None:
        fetch()

    finish(instance, rates)
    assert [row["status"] for row in alerts("rates")] == ["open"]
    assert alerts("rates_job") == []


def test_in_a_run_without_a_job_each_failed_asset_is_a_pipeline(
    instance: dg.DagsterInstance, alerts: Any
) -> None:
    for fails in (True, False):
        job = dg.Definitions(assets=[quotes_asset(fails=fails)]).resolve_implicit_global_asset_job_def()
        finish(instance, job)
        assert [row["status"] for row in alerts("quotes")] == (["open"] if fails else ["resolved"])


def test_a_tick_sends_what_waits_and_the_next_one_has_nothing_to_tell(
    instance: dg.DagsterInstance, alerts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(instance, job_of(fails=True, name="lonely_job"))
    with Webhook().serving() as webhook:
        monkeypatch.setenv("DQM_NOTIFY_URLS", webhook.url)
        settings.cache_clear()
        ticks = [notifications(dg.build_sensor_context(instance, resources=STORE)) for _ in range(2)]
    settings.cache_clear()
    assert "sent" in str(ticks[0].skip_message)
    assert ticks[1].skip_message == "Nothing to tell."
    titles = [each["alert"]["title"] for post in webhook.posts for each in post.told]
    assert "lonely_job failed at fetch" in titles


def test_the_sensors_run_by_themselves(home: Settings) -> None:
    sensors = {sensor.name: sensor for sensor in defs().sensors or []}
    for name in ("notifications", "pipeline_failures", "pipeline_recoveries"):
        assert sensors[name].default_status == dg.DefaultSensorStatus.RUNNING
