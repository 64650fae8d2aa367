"""Datasets over the API: scores, profiles, distributions."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel

from dash_app.api.failures import failures
from dash_app.api.listing import AS_CSV, Format, csv_response
from dash_app.services.columns import ColumnRow, table_profile
from dash_app.services.datasets import dataset_names
from dash_app.services.distribution import Distribution, distribution_of
from dash_app.services.scores import DatasetScore, dataset_scores
from dash_app.services.services import Services

DatasetName = Annotated[str, Path(max_length=200)]
Name = Annotated[str, Query(max_length=200)]


class TableProfileModel(BaseModel):
    """The newest batch of a dataset, column by column; empty for one whose batches are not profiled."""

    dataset: str
    batch: str | None
    columns: list[ColumnRow]


def datasets_router(services: Services) -> APIRouter:
    """Make the routes under ``/api/v1/datasets/{dataset}`` and ``/api/v1/scores``."""
    router = APIRouter(prefix="/api/v1", tags=["datasets"])
    reads = services.reads

    async def known(dataset: str) -> None:
        if dataset not in await reads(dataset_names):
            raise HTTPException(404, f"There is no dataset {dataset!r}. GET /api/v1/datasets lists them.")

    @router.get("/scores", responses={**failures(), **AS_CSV}, response_model=list[DatasetScore])
    async def scores(format: Format = "json") -> Any:
        """Give the health score of every dataset, with its parts and the days before."""
        found = list((await reads(dataset_scores)).values())
        return csv_response("scores", found) if format == "csv" else found

    @router.get("/datasets/{dataset}/score", responses=failures(404))
    async def score(dataset: DatasetName) -> DatasetScore:
        """Give a dataset's health score; 404 while it has none."""
        await known(dataset)
        found = (await reads(dataset_scores, dataset)).get(dataset)
        if found is None:
            raise HTTPException(404, f"{dataset} is not scored yet: its first batch will be.")
        return found

    @router.get(
        "/datasets/{dataset}/profile",
        responses={**failures(404), **AS_CSV},
        response_model=TableProfileModel,
    )
    async def profile(dataset: DatasetName, format: Format = "json") -> Any:
        """Give the newest batch column by column, each with its recent values."""
        await known(dataset)
        found = await reads(table_profile, dataset)
        columns = list(found.columns) if found else []
        if format == "csv":
            return csv_response(f"{dataset}-profile", [_profile_line(column) for column in columns])
        return TableProfileModel(dataset=dataset, batch=found.batch if found else None, columns=columns)

    @router.get("/datasets/{dataset}/distribution", responses=failures(404))
    async def distribution(dataset: DatasetName, column: Name, batch: Name = "") -> Distribution:
        """Give how a column's values spread in a batch, the newest if none is named."""
        await known(dataset)
        newest = await reads(table_profile, dataset)
        run = batch or (newest.batch if newest else "")
        found = await reads(distribution_of, dataset, run, column)
        if found is None:
            raise HTTPException(404, f"Batch {run!r} of {dataset} has no column {column!r}.")
        return found

    return router


def _profile_line(column: ColumnRow) -> dict[str, Any]:
    last = {metric: series.last for metric, series in column.series}
    return {"column": column.name, "kind": column.kind, **last}
