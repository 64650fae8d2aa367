"""Contracts over the API: their statements, how they fit the data, comparison, mutation test."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Path
from pydantic import BaseModel

from dash_app.api.failures import failures
from dash_app.api.listing import AS_CSV, Format, csv_response
from dash_app.auth import User, needs
from dash_app.services.contracts import (
    LONGEST_TEXT,
    ColumnFit,
    ContractSheet,
    column_fits,
    compare_with,
    contract_sheets,
    mutate,
    report_of,
    sheet_of,
)
from dash_app.services.services import Services
from dqm_assets.quality.contracts.comparison import ContractChange
from dqm_assets.quality.contracts.mutation import MutationResult

DatasetName = Annotated[str, Path(max_length=200)]
Operator = Annotated[User, Depends(needs("operator"))]


class MutationModel(BaseModel):
    """How many clauses of a contract were proven able to fail, 0 to 1, and each of them."""

    dataset: str
    score: float
    results: list[MutationResult]


def contracts_router(services: Services) -> APIRouter:
    """Make the routes under ``/api/v1/contracts``."""
    router = APIRouter(prefix="/api/v1/contracts", tags=["contracts"])

    async def found(dataset: str) -> ContractSheet:
        sheet = await asyncio.to_thread(sheet_of, services.settings, dataset)
        if sheet is None:
            raise HTTPException(404, f"No contract for {dataset!r}; GET /api/v1/contracts lists them.")
        return sheet

    @router.get("", responses=failures())
    async def contracts() -> list[ContractSheet]:
        """Give every contract with what becomes of each of its statements."""
        return list(await asyncio.to_thread(contract_sheets, services.settings))

    @router.get("/{dataset}", responses={**failures(404), **AS_CSV}, response_model=ContractSheet)
    async def contract(dataset: DatasetName, format: Format = "json") -> Any:
        """Give the contract of a dataset; as CSV its statements."""
        sheet = await found(dataset)
        return csv_response(f"{dataset}-contract", sheet.statements) if format == "csv" else sheet

    @router.get("/{dataset}/drift", responses=failures(404))
    async def drift(dataset: DatasetName) -> list[ColumnFit]:
        """Give each column as the contract states it and as the newest batch brought it."""
        await found(dataset)
        return list(await services.reads(column_fits, services.settings, dataset))

    @router.post("/{dataset}/compare", responses=failures(404, 409))
    async def compare(
        dataset: DatasetName,
        text: Annotated[
            str, Body(media_type="application/yaml", max_length=LONGEST_TEXT, description="An ODCS contract.")
        ],
    ) -> list[ContractChange]:
        """Say what would change for consumers if this were the contract; nothing is stored."""
        await found(dataset)
        return await asyncio.to_thread(compare_with, services.settings, dataset, text)

    @router.post("/{dataset}/mutations", responses=failures(403, 404, 409))
    async def mutations(dataset: DatasetName, user: Operator) -> MutationModel:
        """Mutate the newest good batch for every clause, and say which clauses caught it; takes seconds."""
        await found(dataset)
        steps = await asyncio.to_thread(
            lambda: list(mutate(services.reads.store, services.settings, dataset))
        )
        report = report_of(steps)
        return MutationModel(dataset=dataset, score=report.score, results=list(report.results))

    return router
