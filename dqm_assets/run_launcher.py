"""Dagster runs on workers of several machines, through Celery; a worker that dies is noticed."""

from typing import TYPE_CHECKING

from dagster import DagsterInstance, DagsterRun
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from dagster_celery.tasks import create_execute_job_task, create_resume_job_task

if TYPE_CHECKING:
    from celery import Celery
    from celery.result import AsyncResult

#: Queue that runs go to unless their tag ``dagster-celery/queue`` names another.
QUEUE = "dagster"

#: A busy machine answers late, and a run taken for lost is run twice: the worker is asked so many times.
_PINGS = 3
_PING_SECONDS = 4.0


class WorkerRunLauncher(CeleryRunLauncher):
    """Starts runs as Celery tasks, and tells a run whose worker is gone from one that takes its time.

    Celery's own task state stays STARTED for ever when the machine of a worker dies. Here the worker is asked
    whether it lives; when it does not, run monitoring takes the run as failed and run retries start it again
    on another worker. What a run had written before stays, and is not written twice: steps are idempotent.
    """

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Tell whether the run's worker still works on it."""
        health = super().check_run_worker_health(run)
        if health.status != WorkerStatus.RUNNING:
            return health
        worker = _worker_of(self.celery.AsyncResult(run.tags[DAGSTER_CELERY_TASK_ID_TAG]))
        if worker is None or self._answers(worker):
            return health
        return CheckRunHealthResult(WorkerStatus.FAILED, f"Worker {worker} does not answer any more.")

    def get_run_worker_debug_info(
        self, run: DagsterRun, include_container_logs: bool | None = True
    ) -> str | None:
        """Which task and worker the run was given to."""
        task = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if task is None:
            return None
        result = self.celery.AsyncResult(task)
        return f"Celery task {task}: {result.state}, worker {_worker_of(result) or 'none yet'}"

    def _answers(self, worker: str) -> bool:
        return any(
            self.celery.control.ping(destination=[worker], timeout=_PING_SECONDS) for _ in range(_PINGS)
        )


def worker_app(instance: DagsterInstance) -> "Celery":
    """The Celery app of a worker: the tasks, with the broker and settings of the instance's launcher.

    Raises:
        TypeError: the instance starts its runs in another way.
    """
    launcher = instance.run_launcher
    if not isinstance(launcher, WorkerRunLauncher):
        raise TypeError(f"The instance starts its runs by {type(launcher).__name__}, not by Celery.")
    create_execute_job_task(launcher.celery)
    create_resume_job_task(launcher.celery)
    return launcher.celery


def _worker_of(result: "AsyncResult") -> str | None:
    """Name of the worker that has taken a task, as long as the task has not ended."""
    information = result.info
    return information.get("hostname") if isinstance(information, dict) else None
