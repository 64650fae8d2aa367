"""What is checked of a dataset, over the API: clauses, judged series, schema history, lineage."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Response

from dash_app.api.failures import failures
from dash_app.api.listing import AS_CSV, Format, csv_response
from dash_app.services.checks import ClauseHistory, ClauseSample, clause_histories, clause_sample
from dash_app.services.datasets import dataset_names, dataset_summaries
from dash_app.services.lineage import Lineage
from dash_app.services.metric_series import JudgedSeries, judged_series
from dash_app.services.schema import SchemaVersion, schema_versions
from dash_app.services.services import Services

DatasetName = Annotated[str, Path(max_length=200)]
Name = Annotated[str, Query(max_length=200)]


def checks_router(services: Services) -> APIRouter:
    """Make the routes ``checks``, ``series``, ``schema`` and ``lineage`` of a dataset."""
    router = APIRouter(prefix="/api/v1", tags=["datasets"])
    reads = services.reads

    async def known(dataset: str) -> None:
        if dataset not in await reads(dataset_names):
            raise HTTPException(404, f"There is no dataset {dataset!r}. GET /api/v1/datasets lists them.")

    @router.get(
        "/datasets/{dataset}/checks",
        responses={**failures(404), **AS_CSV},
        response_model=list[ClauseHistory],
    )
    async def checks(dataset: DatasetName, format: Format = "json") -> Any:
        """Give every clause of the contract with its newest result and how it went before."""
        await known(dataset)
        found = list(await reads(clause_histories, dataset))
        return csv_response(f"{dataset}-checks", found) if format == "csv" else found

    @router.get("/datasets/{dataset}/checks/{clause}/rows", responses=failures(404))
    async def check_rows(dataset: DatasetName, clause: DatasetName, batch: Name) -> ClauseSample:
        """Give the failing rows that a clause kept of a batch."""
        found = await reads(clause_sample, dataset, clause, batch)
        if found is None:
            raise HTTPException(404, f"Clause {clause!r} did not judge batch {batch!r} of {dataset}.")
        return found

    @router.get(
        "/datasets/{dataset}/series",
        responses={**failures(404), **AS_CSV},
        response_model=list[JudgedSeries],
    )
    async def series(dataset: DatasetName, format: Format = "json") -> Any:
        """Give every judged series with its newest verdict, those out of their range first."""
        await known(dataset)
        found = list(await reads(judged_series, dataset))
        return csv_response(f"{dataset}-series", found) if format == "csv" else found

    @router.get("/datasets/{dataset}/schema", responses=failures(404))
    async def schema(dataset: DatasetName) -> list[SchemaVersion]:
        """Give the newest columns and every change of them, newest first."""
        await known(dataset)
        return list(await reads(schema_versions, dataset))

    @router.get("/datasets/{dataset}/lineage", responses=failures(404))
    async def lineage(dataset: DatasetName, response: Response) -> Lineage:
        """Give Dagster's assets behind a dataset in layers; ``problem`` says why there are none."""
        await known(dataset)
        response.headers["Cache-Control"] = "no-store"
        summary = (await reads(dataset_summaries, dataset))[0]
        return await services.dagster.lineage_of((summary.table_name.removeprefix("raw."), dataset))

    return router
