"""Alerts over the API: the inbox, evidence, what changed."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request

from dash_app.api.failures import failures
from dash_app.api.listing import AS_CSV, Format, csv_response
from dash_app.api.models import AlertDetailModel, AlertModel, AlertPageModel
from dash_app.api.paging import Limit, Offset, next_page
from dash_app.services.alerts import AlertFilter, alert_events, alert_page, alert_with_id
from dash_app.services.evidence import EvidenceRows, evidence_rows
from dash_app.services.services import Services
from dash_app.services.what_changed import SegmentChange, what_changed

Name = Annotated[str, Query(max_length=200)]
AlertStatus = Literal["open", "acknowledged", "muted", "resolved"]
Severity = Literal["info", "warning", "error", "critical"]
AlertId = Annotated[str, Path(max_length=64)]


async def alert_detail(services: Services, alert_id: str) -> AlertDetailModel:
    """Read an alert with its history, or answer 404."""
    alert = await services.reads(alert_with_id, alert_id)
    if alert is None:
        raise HTTPException(404, f"There is no alert {alert_id!r}. GET /api/v1/alerts lists them.")
    return AlertDetailModel.of(alert, await services.reads(alert_events, alert_id))


def alerts_router(services: Services) -> APIRouter:
    """Make the routes under ``/api/v1/alerts``."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])
    reads = services.reads

    detail = partial(alert_detail, services)

    @router.get("", responses={**failures(), **AS_CSV}, response_model=AlertPageModel)
    async def alerts(
        request: Request,
        *,
        dataset: Name | None = None,
        status: Annotated[tuple[AlertStatus, ...], Query(description="May be given several times.")] = (),
        severity: Severity | None = None,
        q: Annotated[str, Query(max_length=200, description="A part of the title, dataset or owner.")] = "",
        limit: Limit = 50,
        offset: Offset = 0,
        format: Format = "json",
    ) -> Any:
        """Give alerts, the last raised first, what another one caused right behind that one."""
        page = await reads(alert_page, AlertFilter(dataset, status, severity, q), limit, offset)
        found = [AlertModel.model_validate(alert) for alert in page.alerts]
        if format == "csv":
            return csv_response("alerts", [alert.model_dump() for alert in found])
        return AlertPageModel(
            total=page.total,
            limit=limit,
            offset=offset,
            next=next_page(request, page.total, limit, offset),
            alerts=found,
        )

    @router.get("/{alert_id}", responses=failures(404))
    async def one_alert(alert_id: AlertId) -> AlertDetailModel:
        """Give an alert with its evidence and history."""
        return await detail(alert_id)

    @router.get("/{alert_id}/rows", responses={**failures(404), **AS_CSV}, response_model=EvidenceRows | None)
    async def rows(alert_id: AlertId, format: Format = "json") -> Any:
        """Give the rows behind an alert, as the store held them when it was judged; null if it has none."""
        await detail(alert_id)
        found = await reads(evidence_rows, alert_id)
        if format == "csv":
            lines = [dict(zip(found.columns, row, strict=True)) for row in found.rows] if found else []
            return csv_response(f"alert-{alert_id[:12]}-rows", lines)
        return found

    @router.get("/{alert_id}/segments", responses=failures(404))
    async def segments(alert_id: AlertId) -> list[SegmentChange]:
        """Give which segments explain the change, the one that explains most first."""
        await detail(alert_id)
        return list(await reads(what_changed, alert_id))

    return router
