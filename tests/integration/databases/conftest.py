"""Real databases to look at."""

from collections.abc import Iterator

import pytest

from tests.integration.databases.mariadb import running_mariadb
from tests.integration.databases.shop import Shop, new_shop


@pytest.fixture
def shop(postgres_server: str) -> Iterator[Shop]:
    """An empty shop on PostgreSQL."""
    with new_shop(postgres_server) as shop:
        yield shop


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a MariaDB server of its own; skipped where Debian's mariadb-server is not installed."""
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as url:
        yield url
