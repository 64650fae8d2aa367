"""What OpenAPI says of answers that are no success."""

from typing import Any

from pydantic import BaseModel


class ProblemModel(BaseModel):
    """What went wrong (RFC 9457); ``detail`` says it in words, and how to mend it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


def failures(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of these codes as problem documents; 422 and 503 can come from any route."""
    return {code: {"description": "A problem, in words."} for code in (*codes, 422, 503)}
