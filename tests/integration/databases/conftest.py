"""Real databases to look at."""

from collections.abc import Iterator

import pytest

from tests.integration.databases.shop import Shop, new_shop


@pytest.fixture
def shop(postgres_server: str) -> Iterator[Shop]:
    """An empty shop on PostgreSQL."""
    with new_shop(postgres_server) as shop:
        yield shop
