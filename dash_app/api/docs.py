"""API documents: OpenAPI and its page, from this origin only."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

OPENAPI_URL = "/api/openapi.json"


def docs_router() -> APIRouter:
    """Make the route of the documents page."""
    router = APIRouter()

    @router.get("/api/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=OPENAPI_URL,
            title="dqm API",
            swagger_js_url="/static/swagger-ui/swagger-ui-bundle.js",
            swagger_css_url="/static/swagger-ui/swagger-ui.css",
            swagger_favicon_url="/assets/favicon.svg",
            # The validator badge would ask a server elsewhere about this address.
            swagger_ui_parameters={"validatorUrl": None, "deepLinking": True},
        )

    return router
