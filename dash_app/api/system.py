"""The platform over the API: what came in, what waits, how large the store is, what changed, versions."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from dash_app.api.failures import failures
from dash_app.services.changes import Change, recent_changes
from dash_app.services.health import pipeline_statuses
from dash_app.services.lineage import Queue
from dash_app.services.records import PipelineStatus
from dash_app.services.services import Services
from dash_app.services.system import Ingest, Maintenance, package_versions, system_state


class StoreModel(BaseModel):
    """The store as a whole; bytes of its live data files."""

    version: int
    migration: int
    files: int
    bytes: int
    snapshots: int
    tables: dict[str, int]


class SystemModel(BaseModel):
    """The platform as a whole."""

    ingest: Ingest
    store: StoreModel
    dagster: Queue
    notifications_waiting: int
    notifications_dead: int
    maintenance: Maintenance
    pipelines: list[PipelineStatus]
    versions: dict[str, str]


def system_router(services: Services) -> APIRouter:
    """Make the routes ``/api/v1/system`` and ``/api/v1/changes``."""
    router = APIRouter(prefix="/api/v1", tags=["system"])

    @router.get("/system", responses=failures())
    async def system(response: Response) -> SystemModel:
        """Give ingest, queue, store, maintenance, pipelines and versions."""
        response.headers["Cache-Control"] = "no-store"
        state = await services.reads(system_state)
        store, notes = state.store, state.notifications
        return SystemModel(
            ingest=state.ingest,
            store=StoreModel(
                version=store.version,
                migration=store.migration,
                files=store.size.files,
                bytes=store.size.bytes,
                snapshots=store.size.snapshots,
                tables={table.table: table.rows for table in store.tables},
            ),
            dagster=await services.dagster.queue(),
            notifications_waiting=notes.waiting + notes.unrouted,
            notifications_dead=notes.dead,
            maintenance=state.maintenance,
            pipelines=list(await services.reads(pipeline_statuses)),
            versions=dict(package_versions()),
        )

    @router.get("/changes", responses=failures())
    async def changes() -> list[Change]:
        """Give what changed in the last 24 hours, for the worse first."""
        return list(await services.reads(recent_changes))

    return router
