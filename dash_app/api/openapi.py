"""The OpenAPI document: what FastAPI makes of the routes, with the answers that errors really have."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dash_app.api.failures import ProblemModel
from dash_app.api.models import ErrorModel

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemModel"}}}
ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorModel"}}}
#: Methods of an operation whose body may be no JSON at all, which is 400.
WRITING = ("post", "put", "patch")


def document_truly(server: FastAPI) -> None:
    """Make the server's document say problem documents under ``/api`` and ``detail`` elsewhere."""

    def openapi() -> dict[str, Any]:
        if server.openapi_schema is None:
            document = get_openapi(
                title=server.title, version=server.version, summary=server.summary, routes=server.routes
            )
            _correct(document)
            server.openapi_schema = document
        return server.openapi_schema

    server.openapi = openapi


def _correct(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (ProblemModel, ErrorModel):
        schemas[model.__name__] = model.model_json_schema()
    for path, operations in document["paths"].items():
        content = PROBLEM if path.startswith("/api/") else ERROR
        for method, operation in operations.items():
            answers = operation["responses"]
            if method in WRITING:
                answers.setdefault("400", {"description": "The body cannot be read."})
            for code, answer in answers.items():
                # A health document is one whatever its status.
                if code >= "400" and not _tells_more(answer):
                    answer["content"] = content
    _loosen_pairs(document)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)


def _loosen_pairs(part: Any) -> None:
    """Say of a pair that it is an array of either type: few clients know ``prefixItems``."""
    if isinstance(part, dict):
        if "prefixItems" in part:
            part["items"] = {"anyOf": part.pop("prefixItems")}
        for inner in part.values():
            _loosen_pairs(inner)
    elif isinstance(part, list):
        for inner in part:
            _loosen_pairs(inner)


def _tells_more(answer: dict[str, Any]) -> bool:
    shown = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    return bool(shown) and not shown.endswith(("HTTPValidationError", "ErrorModel", "ProblemModel"))
