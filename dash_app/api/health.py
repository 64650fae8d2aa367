"""Health: one look that a load balancer, a monitor and a person can use."""

from dataclasses import replace

from fastapi import APIRouter, Response

from dash_app.api.models import HealthModel
from dash_app.auth import is_known
from dash_app.services.health import store_health
from dash_app.services.reads import Reads
from dqm_assets.errors import StoreError


def health_router(reads: Reads) -> APIRouter:
    """Make the route over ``reads``."""
    router = APIRouter(tags=["health"])

    @router.get("/health", responses={503: {"model": HealthModel}}, summary="Does it work?")
    async def health(response: Response) -> HealthModel:
        """Tell whether the store answers (503 if not), what arrived last, and how the pipelines ended.

        Where people sign in this route stays open, and does not say why anything failed.
        """
        response.headers["Cache-Control"] = "no-store"
        try:
            found = await reads(store_health)
        except StoreError as error:
            response.status_code = 503
            detail = str(error) if is_known() else "The store does not answer."
            return HealthModel(
                status="unreachable", version=None, last_arrival=None, pipelines=[], detail=detail
            )
        failing = any(pipeline.status != "SUCCESS" for pipeline in found.pipelines)
        return HealthModel(
            status="failing" if failing else "ok",
            version=found.version,
            last_arrival=found.last_arrival,
            pipelines=[each if is_known() else replace(each, reason="") for each in found.pipelines],
        )

    return router
