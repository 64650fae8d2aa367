"""Version 1 of the API: datasets, runs, series and alerts."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request

from dash_app.api.models import (
    AlertDetailModel,
    AlertModel,
    AlertPageModel,
    DatasetModel,
    ErrorModel,
    RunModel,
    SeriesModel,
)
from dash_app.api.paging import Limit, Offset, next_page
from dash_app.services.alerts import AlertFilter, alert_events, alert_page, alert_with_id
from dash_app.services.datasets import dataset_names, dataset_summaries
from dash_app.services.reads import Reads
from dash_app.services.runs import RunFilter, run_page
from dash_app.services.series import series_of

FAILS: dict[int | str, dict[str, Any]] = {404: {"model": ErrorModel}, 503: {"model": ErrorModel}}
Name = Annotated[str, Query(max_length=200)]
AlertStatus = Literal["open", "acknowledged", "muted", "resolved"]
Severity = Literal["info", "warning", "error", "critical"]


def v1_router(reads: Reads) -> APIRouter:
    """Make the routes under ``/api/v1`` over ``reads``."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/datasets", tags=["datasets"], summary="All datasets")
    async def datasets() -> list[DatasetModel]:
        """Give every dataset with what its runs and alerts say, by name."""
        return [DatasetModel.of(summary) for summary in await reads(dataset_summaries)]

    @router.get("/datasets/{dataset}", responses=FAILS, tags=["datasets"], summary="One dataset")
    async def one_dataset(dataset: str) -> DatasetModel:
        """Give one dataset with what its runs and alerts say."""
        await _known(reads, dataset)
        return DatasetModel.of((await reads(dataset_summaries, dataset))[0])

    @router.get(
        "/datasets/{dataset}/runs", responses=FAILS, tags=["datasets"], summary="A dataset's newest runs"
    )
    async def runs(dataset: str, limit: Limit = 50, offset: Offset = 0) -> list[RunModel]:
        """Give a dataset's runs without their metrics, newest data first."""
        await _known(reads, dataset)
        page = await reads(run_page, RunFilter(dataset=dataset), limit, offset)
        return [RunModel.model_validate(run) for run in page.runs]

    @router.get("/series", responses=FAILS, tags=["series"], summary="One metric over the newest runs")
    async def series(dataset: Name, metric: Name, column: Name = "", limit: Limit = 200) -> SeriesModel:
        """Give a metric run by run, oldest first, with the range each value was judged against."""
        await _known(reads, dataset)
        found = await reads(series_of, dataset, column, (metric,), limit)
        return SeriesModel.of(dataset, column, metric, found[metric])

    @router.get(
        "/alerts", responses={503: {"model": ErrorModel}}, tags=["alerts"], summary="Alerts, page by page"
    )
    async def alerts(
        request: Request,
        *,
        dataset: Name | None = None,
        status: Annotated[tuple[AlertStatus, ...], Query(description="May be given several times.")] = (),
        severity: Severity | None = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> AlertPageModel:
        """Give alerts, the last opened first."""
        page = await reads(alert_page, AlertFilter(dataset, status, severity), limit, offset)
        return AlertPageModel(
            total=page.total,
            limit=limit,
            offset=offset,
            next=next_page(request, page.total, limit, offset),
            alerts=[AlertModel.model_validate(alert) for alert in page.alerts],
        )

    @router.get("/alerts/{alert_id}", responses=FAILS, tags=["alerts"], summary="One alert")
    async def one_alert(alert_id: str) -> AlertDetailModel:
        """Give an alert with its evidence and history."""
        alert = await reads(alert_with_id, alert_id)
        if alert is None:
            raise HTTPException(404, f"There is no alert {alert_id!r}. GET /api/v1/alerts lists them.")
        return AlertDetailModel.of(alert, await reads(alert_events, alert_id))

    return router


async def _known(reads: Reads, dataset: str) -> None:
    if dataset not in await reads(dataset_names):
        raise HTTPException(404, f"There is no dataset {dataset!r}. GET /api/v1/datasets lists them.")
