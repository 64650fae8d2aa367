"""Errors of the API: JSON with one clear ``detail``, whatever went wrong."""

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from dqm_assets.errors import KernelError, StoreError

ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def register_problems(server: FastAPI) -> None:
    """Answer wrong parameters with 422 and an unreachable store with 503."""

    @server.exception_handler(RequestValidationError)
    async def wrong_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [
            f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg']} (got {problem['input']!r})"
            for problem in error.errors()
        ]
        return JSONResponse({"detail": "; ".join(wrong)}, status_code=422)

    @server.exception_handler(StoreError)
    async def no_store(_request: Request, error: StoreError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=503)

    @server.exception_handler(KernelError)
    async def broken_state(_request: Request, error: KernelError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=500)


def unknown_routes() -> APIRouter:
    """Make the route that answers whatever else is asked under ``/api`` with 404; include it last."""
    router = APIRouter()

    @router.api_route("/api/{rest:path}", methods=ANY_METHOD, include_in_schema=False)
    async def unknown(rest: str) -> None:
        raise HTTPException(404, f"There is no route /api/{rest}. GET {'/api/docs'} shows what there is.")

    return router
