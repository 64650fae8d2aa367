"""Watched databases over the API: every source, and one with its tables."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api.models import ErrorModel
from dash_app.services.databases import source_book
from dash_app.services.services import Services

FAILS: dict[int | str, dict[str, Any]] = {404: {"model": ErrorModel}, 503: {"model": ErrorModel}}


class _Model(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SourceTableModel(_Model):
    """A watched table."""

    table: str
    dataset: str
    kind: str = Field(description="batch (rows by day), cdc (changes by hour) or snapshot.")
    profile: str = Field(description="pushdown, kernel or none.")
    owner: str
    status: str = Field(description="How the last look ended: SUCCESS or FAILED.")
    reason: str
    late: bool
    looked_at: datetime | None
    watermark: datetime | None = Field(description="End of the last whole period that was counted.")
    newest: datetime | None = Field(description="Time of the newest row.")
    age_limit_seconds: float | None
    rows_scanned: int
    seconds: float | None
    sampling_error: float = Field(description="Relative standard error of row counts; 0: all are counted.")
    inserts: float | None
    updates: float | None
    deletes: float | None
    open_alerts: int
    score: float | None


class SourceModel(_Model):
    """A source with its tables."""

    source: str
    type: str
    address: str = Field(description="The URL without user, password and options.")
    owner: str
    status: str | None
    reason: str
    last_success: datetime | None
    last_attempt: datetime | None
    circuit: str = Field(description="closed: it is asked; open: left alone; half-open: tried next time.")
    again_at: datetime | None = Field(description="Until when an open circuit stays open.")
    tables: list[SourceTableModel]


class SourcesModel(_Model):
    """Every source, and what is wrong in their files."""

    sources: list[SourceModel]
    problems: list[str]


def sources_router(services: Services) -> APIRouter:
    """Make the routes under ``/api/v1/sources``."""
    router = APIRouter(prefix="/api/v1/sources", tags=["sources"])

    @router.get("", responses={503: {"model": ErrorModel}}, summary="Watched databases")
    async def sources() -> SourcesModel:
        """Give every source that has a file or was looked at, with its tables."""
        return SourcesModel.model_validate(await services.reads(source_book, services.settings))

    @router.get("/{source}", responses=FAILS, summary="One watched database")
    async def one(source: str) -> SourceModel:
        """Give one source with its tables."""
        book = await services.reads(source_book, services.settings)
        found = next((each for each in book.sources if each.source == source), None)
        if found is None:
            raise HTTPException(404, f"There is no source {source!r}. GET /api/v1/sources lists them.")
        return SourceModel.model_validate(found)

    return router
