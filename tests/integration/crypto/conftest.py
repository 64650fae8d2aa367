"""A running simulator of the provider, and a client of it that does not wait between attempts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from fastapi import FastAPI, Request, Response

from dqm_assets.settings import Settings
from dqm_assets.simulate.crypto_api import FAULT_HEADER, Fault, crypto_router
from dqm_assets.simulate.serving import serving
from dqm_assets.sources.crypto.client import CryptoClient
from dqm_assets.sources.crypto.collect import Collected, collect
from dqm_assets.sources.http import Fetcher, Patience
from dqm_assets.store import Store

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass
class Provider:
    """The provider, whose answers a test may spoil by path until it says otherwise."""

    url: str
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: int = 0


@pytest.fixture
def provider() -> Iterator[Provider]:
    app = FastAPI()
    running = Provider("")

    @app.middleware("http")
    async def spoil(request: Request, answer: Callable) -> Response:
        running.asked += 1
        fault = running.faults.get(request.url.path.rpartition("/")[2])
        if fault is not None:
            request.scope["headers"].append((FAULT_HEADER.encode(), fault.encode()))
        return await answer(request)

    app.include_router(crypto_router())
    with serving(app) as url:
        running.url = f"{url}/api/v3"
        yield running


@pytest.fixture
def fetch(store: Store, settings: Settings, provider: Provider) -> Callable[..., Collected]:
    """Collects snapshots of moments, given in minutes after `START`."""

    def at(*minutes: float, top: int = 10) -> Collected:
        return collect_from(store, settings, provider.url, minutes, top=top)

    return at


def collect_from(
    store: Store, settings: Settings, url: str, minutes: Sequence[float], *, attempts: int = 2, top: int = 10
) -> Collected:
    """Collect from the provider at an address, without waiting between attempts."""
    fetcher = Fetcher(
        url,
        name="test provider",
        patience=Patience(attempts=attempts, failures=100),
        parse_float=Decimal,
        sleep=lambda _: None,
    )
    with CryptoClient(fetcher, top) as client:
        return collect(store, settings, client, [START + timedelta(minutes=each) for each in minutes])
