"""Errors of the API: problem documents (RFC 9457) under ``/api``, one clear ``detail`` elsewhere."""

import math
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import compile_path

from dash_app.services.replays import BusyError
from dqm_assets.accounts.user import ForbiddenError
from dqm_assets.errors import ContractError, DqmError, KernelError, SettingsError, StoreError

ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
#: What each kind of error is to a client; the first that fits.
STATUSES: tuple[tuple[type[DqmError], int], ...] = (
    (ForbiddenError, 403),
    (SettingsError, 409),
    (ContractError, 422),
    (KernelError, 500),
    (StoreError, 503),
)


def register_problems(server: FastAPI) -> None:
    """Answer wrong parameters with 422, what the state does not allow with 409, a lost store with 503."""

    @server.exception_handler(RequestValidationError)
    async def wrong_request(request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [
            f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg']} (got {_shown(problem['input'])})"
            for problem in error.errors()
        ]
        return problem(request, 422, "; ".join(wrong))

    @server.exception_handler(BusyError)
    async def busy(request: Request, error: BusyError) -> JSONResponse:
        return problem(request, 429, str(error), {"Retry-After": str(math.ceil(error.wait))})

    @server.exception_handler(DqmError)
    async def refused(request: Request, error: DqmError) -> JSONResponse:
        status = next((code for kind, code in STATUSES if isinstance(error, kind)), 500)
        return problem(request, status, str(error))

    @server.exception_handler(StarletteHTTPException)
    async def http_error(request: Request, error: StarletteHTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:  # one route knows only its own methods
            headers["Allow"] = ", ".join(_methods_of(request)) or headers.get("Allow", "GET")
        return problem(request, error.status_code, str(error.detail), headers)


def problem(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Make the answer; the original routes keep their shape, which is ``detail`` alone."""
    if not request.url.path.startswith("/api/"):
        return JSONResponse({"detail": detail}, status_code=status, headers=headers)
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    return JSONResponse(document, status, headers, media_type="application/problem+json")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:199]}…"  # noqa: PLR2004 - enough to know it by


def _methods_of(request: Request) -> list[str]:
    """Name the methods that the routes of a path answer, which no single one of them knows."""
    documented = request.app.openapi()["paths"]
    found = {
        method.upper()
        for path, operations in documented.items()
        if compile_path(path)[0].match(request.url.path)
        for method in operations
    }
    return sorted(found)


def unknown_routes() -> APIRouter:
    """Make the route that answers whatever else is asked under ``/api`` with 404; include it last."""
    router = APIRouter()

    @router.api_route("/api/{rest:path}", methods=ANY_METHOD, include_in_schema=False)
    async def unknown(request: Request, rest: str) -> None:
        allowed = _methods_of(request)
        if allowed:
            raise HTTPException(405, f"/api/{rest} answers {', '.join(allowed)} only.")
        raise HTTPException(404, f"There is no route /api/{rest}. GET {'/api/docs'} shows what there is.")

    return router
