"""The event streams over the API: how they are now, their sources over time, their dead letters."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api.models import ErrorModel
from dash_app.services.reads import Reads
from dash_app.services.streams import (
    StreamNow,
    consumer_health,
    letter_kinds,
    source_lines,
    sources_now,
    stream_now,
)

FAILS: dict[int | str, dict[str, Any]] = {404: {"model": ErrorModel}, 503: {"model": ErrorModel}}
Minutes = Annotated[
    float, Query(gt=0, le=60 * 24 * 90, description="Length of the span before the newest report.")
]
Metric = Literal["event_rate", "error_rate", "mean", "stddev", "late_fraction", "duplicate_fraction"]


class _Model(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class TopicModel(_Model):
    """What a consumer last said of a topic."""

    topic: str
    consumer: str = Field(description="i/n: number i of n.")
    ts: datetime
    rate: float | None = Field(description="Records a second.")
    lag: int | None = Field(description="Records at the broker that are not fetched.")
    p50_ms: float | None = Field(description="From the broker to the commit, half of the records.")
    p99_ms: float | None
    commit_ms: float | None
    verdict_ms: float | None = Field(description="From the begin of a window to its verdicts, 95 %.")


class StreamModel(_Model):
    """The streams at the last report."""

    ts: datetime
    judged: datetime | None = Field(description="Begin of the last judged window.")
    simulated: bool
    alerts: int
    status: str
    reason: str
    topics: list[TopicModel]


class SourceModel(_Model):
    """A source in its newest window."""

    source: str
    ts: datetime
    values: dict[str, float | None]
    anomalous: list[str] = Field(description="Metrics that are out of range.")
    learning: bool


class SourceLineModel(_Model):
    """A metric of one source over time."""

    source: str
    ts: list[datetime]
    values: list[float | None]
    anomalous: list[bool]


class HealthModel(_Model):
    """Latency and lag over all consumers."""

    ts: datetime
    p50_ms: float | None
    p99_ms: float | None
    lag: float | None


class LetterKindModel(_Model):
    """Dead letters of one reason."""

    code: str
    reason: str
    letters: int
    replayed: int
    newest: datetime


def stream_routes(reads: Reads) -> APIRouter:
    """Make the routes under ``/api/v1/streams`` over ``reads``."""
    router = APIRouter(prefix="/api/v1/streams", tags=["streams"])

    async def newest() -> StreamNow:
        found = await reads(stream_now)
        if found is None:
            raise HTTPException(404, "No stream is consumed yet. Run `dqm stream run`.")
        return found

    @router.get("", responses=FAILS, summary="The streams now")
    async def streams() -> StreamModel:
        """Give the last report of each consumer."""
        return StreamModel.model_validate(await newest())

    @router.get("/sources", responses=FAILS, summary="The newest window of each source")
    async def sources() -> list[SourceModel]:
        """Give each source's newest window, the whole first."""
        now = await newest()
        return [SourceModel.model_validate(each) for each in await reads(sources_now, now.judged or now.ts)]

    @router.get("/series/{metric}", responses=FAILS, summary="A metric of each source over time")
    async def series(metric: Metric, minutes: Minutes = 15) -> list[SourceLineModel]:
        """Give a line per source; of many windows the mean of each stretch."""
        now = await newest()
        found = await reads(source_lines, metric, now.judged or now.ts, minutes)
        return [SourceLineModel.model_validate(each) for each in found]

    @router.get("/health", responses=FAILS, summary="Latency and lag over time")
    async def health(minutes: Minutes = 15) -> list[HealthModel]:
        """Give latency and lag, oldest first."""
        now = await newest()
        return [HealthModel.model_validate(each) for each in await reads(consumer_health, now.ts, minutes)]

    @router.get("/dead-letters", responses=FAILS, summary="Dead letters by reason")
    async def letters(minutes: Minutes = 60) -> list[LetterKindModel]:
        """Count the dead letters of a span by their reason."""
        now = await newest()
        return [LetterKindModel.model_validate(each) for each in await reads(letter_kinds, now.ts, minutes)]

    return router
