"""Version 1 of the API: datasets, their runs and series."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query

from dash_app.api.failures import failures
from dash_app.api.listing import AS_CSV, Format, csv_response
from dash_app.api.models import DatasetModel, RunModel, SeriesModel
from dash_app.api.paging import Limit, Offset
from dash_app.services.datasets import dataset_names, dataset_summaries
from dash_app.services.reads import Reads
from dash_app.services.runs import RunFilter, run_page
from dash_app.services.series import series_of

Name = Annotated[str, Query(max_length=200)]
DatasetName = Annotated[str, Path(max_length=200)]


def v1_router(reads: Reads) -> APIRouter:
    """Make the routes under ``/api/v1`` over ``reads``."""
    router = APIRouter(prefix="/api/v1")

    @router.get(
        "/datasets",
        tags=["datasets"],
        summary="All datasets",
        responses={**failures(), **AS_CSV},
        response_model=list[DatasetModel],
    )
    async def datasets(format: Format = "json") -> Any:
        """Give every dataset with what its runs and alerts say, by name."""
        found = [DatasetModel.of(summary) for summary in await reads(dataset_summaries)]
        return csv_response("datasets", [each.model_dump() for each in found]) if format == "csv" else found

    @router.get("/datasets/{dataset}", responses=failures(404), tags=["datasets"], summary="One dataset")
    async def one_dataset(dataset: DatasetName) -> DatasetModel:
        """Give one dataset with what its runs and alerts say."""
        await _known(reads, dataset)
        return DatasetModel.of((await reads(dataset_summaries, dataset))[0])

    @router.get(
        "/datasets/{dataset}/runs",
        responses=failures(404),
        tags=["datasets"],
        summary="A dataset's newest runs",
    )
    async def runs(dataset: DatasetName, limit: Limit = 50, offset: Offset = 0) -> list[RunModel]:
        """Give a dataset's runs without their metrics, newest data first."""
        await _known(reads, dataset)
        page = await reads(run_page, RunFilter(dataset=dataset), limit, offset)
        return [RunModel.model_validate(run) for run in page.runs]

    @router.get(
        "/series", responses=failures(404), tags=["series"], summary="One metric over the newest runs"
    )
    async def series(dataset: Name, metric: Name, column: Name = "", limit: Limit = 200) -> SeriesModel:
        """Give a metric run by run, oldest first, with the range each value was judged against."""
        await _known(reads, dataset)
        found = await reads(series_of, dataset, column, (metric,), limit)
        return SeriesModel.of(dataset, column, metric, found[metric])

    return router


async def _known(reads: Reads, dataset: str) -> None:
    if dataset not in await reads(dataset_names):
        raise HTTPException(404, f"There is no dataset {dataset!r}. GET /api/v1/datasets lists them.")
