"""The client of the crypto provider: the largest coins with their prices, and exchange rates."""

from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Self

from dqm_assets.settings import Settings
from dqm_assets.sources.breaker import FileBreaker
from dqm_assets.sources.http import Fetcher, Patience, Reply
from dqm_assets.sources.simulated import SIMULATED_HEADER, clock_header

PUBLIC_URL = "https://api.coingecko.com/api/v3"
#: Header of the demo key in the provider's API description.
KEY_HEADER = "x-cg-demo-api-key"

MARKETS, RATES = "/coins/markets", "/exchange_rates"

#: A page of 250 coins with everything is 300 kB.
_PATIENCE = Patience(most_bytes=8 * 2**20)


class CryptoClient:
    """Asks the two endpoints; keep one per process and close it.

    Args:
        fetcher: Asks the provider's API; numbers must be read as decimals.
        top: How many coins, the largest by market capitalisation first.
    """

    def __init__(self, fetcher: Fetcher, top: int) -> None:
        self._fetcher = fetcher
        self.top = top

    @classmethod
    def of(cls, settings: Settings, patience: Patience = _PATIENCE) -> "CryptoClient":
        """The client of the provider that the settings name; its circuit is shared by all processes."""
        key = settings.crypto_api_key
        fetcher = Fetcher(
            settings.crypto_url or PUBLIC_URL,
            name="crypto provider",
            headers={KEY_HEADER: key.get_secret_value()} if key else {},
            patience=patience,
            parse_float=Decimal,
            breaker=FileBreaker(settings.home / "circuits" / "crypto.json"),
        )
        return cls(fetcher, settings.crypto_top)

    def markets(self, at: datetime | None = None) -> Reply:
        """The largest coins in US dollars.

        Args:
            at: A moment of the simulated market; only the simulator knows any but the present.

        Raises:
            FetchError: the provider gave no usable answer.
        """
        params: dict[str, str | int] = {
            "vs_currency": "usd",
            "order": "market_cap_desc",
            "per_page": self.top,
            "page": 1,
            "precision": "full",
        }
        return self._fetcher.get_json(MARKETS, params, clock_header(at))

    def rates(self, at: datetime | None = None) -> Reply:
        """What one bitcoin costs in every currency.

        Raises:
            FetchError: the provider gave no usable answer.
        """
        return self._fetcher.get_json(RATES, headers=clock_header(at))

    def close(self) -> None:
        """Close the connections."""
        self._fetcher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def is_simulated(reply: Reply) -> bool:
    """Whether the simulator gave an answer: it says so itself, nobody has to remember."""
    return reply.headers.get(SIMULATED_HEADER) == "true"
