"""Pages of a list: how many, from where, and where the next one is."""

from typing import Annotated

from fastapi import Query, Request

MOST_PER_PAGE = 500
#: Beyond this, a database's own 64-bit offset would overflow.
FARTHEST = 2**53

Limit = Annotated[int, Query(ge=1, le=MOST_PER_PAGE, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=FARTHEST, description="How many to pass over.")]


def next_page(request: Request, total: int, limit: int, offset: int) -> str | None:
    """Give the address of the next page, path and query, or ``None`` on the last one."""
    if offset + limit >= total:
        return None
    address = request.url.include_query_params(offset=offset + limit, limit=limit)
    return f"{address.path}?{address.query}"
