"""The original runs API: latest metrics, paged history, one run."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BeforeValidator

from dash_app.api.models import (
    ErrorModel,
    MeasuredRunModel,
    QuarantineModel,
    RunDetailModel,
    RunPageModel,
)
from dash_app.api.paging import Limit, Offset, next_page
from dash_app.services.datasets import dataset_names
from dash_app.services.reads import Reads
from dash_app.services.records import Run, RunStatus
from dash_app.services.rows import as_utc
from dash_app.services.runs import RunFilter, latest_runs, metrics_of, quarantine_of, run_page, runs_with_id

Dataset = Annotated[str | None, Query(description="Only this dataset.", max_length=200)]


def _only_text(value: str) -> str:
    if value.lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("a time is written as ISO 8601, not as a number")
    return value


#: A time in an address; a bare number would be read as seconds, which the documents do not say.
Moment = Annotated[datetime, BeforeValidator(_only_text)]
QUARANTINED_ROWS_SHOWN = 20
FAILS: dict[int | str, dict[str, Any]] = {404: {"model": ErrorModel}, 503: {"model": ErrorModel}}


def runs_router(reads: Reads) -> APIRouter:
    """Make the routes over ``reads``."""
    router = APIRouter(tags=["runs"])

    @router.get("/", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse("/dashboard", status_code=307)

    @router.get("/metrics/latest", responses=FAILS, summary="Newest run of each dataset")
    async def latest(dataset: Dataset = None) -> list[MeasuredRunModel]:
        """Give the newest run of every dataset, or of one, with its metrics by column."""
        if dataset is not None and dataset not in await reads(dataset_names):
            raise HTTPException(404, f"There is no dataset {dataset!r}. GET /api/v1/datasets lists them.")
        return await _measured(reads, await reads(latest_runs, dataset))

    @router.get("/metrics/history", responses={503: {"model": ErrorModel}}, summary="Runs, page by page")
    async def history(
        request: Request,
        *,
        dataset: Dataset = None,
        status: Annotated[RunStatus | None, Query(description="Only runs of this status.")] = None,
        since: Annotated[
            Moment | None, Query(description="Only data from this time on; UTC if no zone is given.")
        ] = None,
        until: Annotated[Moment | None, Query(description="Only data before this time.")] = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> RunPageModel:
        """Give runs with their metrics, newest data first."""
        where = RunFilter(dataset, status, as_utc(since), as_utc(until))
        page = await reads(run_page, where, limit, offset)
        return RunPageModel(
            total=page.total,
            limit=limit,
            offset=offset,
            next=next_page(request, page.total, limit, offset),
            runs=await _measured(reads, page.runs),
        )

    @router.get(
        "/run/{run_id}",
        responses={**FAILS, 409: {"model": ErrorModel}},
        summary="One run with all that is known of it",
    )
    async def run(run_id: str, dataset: Dataset = None) -> RunDetailModel:
        """Give a run with its metrics, why it was judged so, and its quarantine."""
        found = await reads(runs_with_id, run_id, dataset)
        if not found:
            where = f" in dataset {dataset!r}" if dataset else ""
            raise HTTPException(
                404, f"There is no run {run_id!r}{where}. GET /metrics/history lists the runs."
            )
        if len(found) > 1:
            names = ", ".join(each.dataset for each in found)
            raise HTTPException(409, f"Run {run_id!r} is in several datasets ({names}): add ?dataset=.")
        one = found[0]
        measured = (await _measured(reads, found))[0]
        quarantine = await reads(quarantine_of, one.dataset, run_id, QUARANTINED_ROWS_SHOWN)
        return RunDetailModel(
            **measured.model_dump(), dialect=one.dialect, quarantine=QuarantineModel.of(quarantine)
        )

    return router


async def _measured(reads: Reads, runs: tuple[Run, ...]) -> list[MeasuredRunModel]:
    metrics = await reads(metrics_of, tuple((run.dataset, run.run_id) for run in runs))
    return [MeasuredRunModel.of(run, metrics[run.dataset, run.run_id]) for run in runs]
