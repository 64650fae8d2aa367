"""A market of coins that walks at random: any moment of it can be asked for, and is always the same."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np

#: Minute 0 of the market, and the minutes it lasts.
OPENED = datetime(2025, 1, 1, tzinfo=UTC)
_LEVELS = 22
_LASTS = 2**_LEVELS
_YEAR = 525_600.0
_DAY = 1440
_WEEK = 7 * _DAY
#: Streams of random numbers: one for the whole market, then some for each coin.
_MARKET, _RUPEE, _EURO, _FIRST_COIN = 1, 2, 3, 10
_PER_COIN = 4


@dataclass(frozen=True)
class Coin:
    """A coin of the market; prices in US dollars, volatilities per square root of a year."""

    coin_id: str
    symbol: str
    name: str
    start_price: float
    supply: float
    volatility: float
    #: How much of the whole market's movement it follows.
    beta: float = 1.0
    #: A stable coin stays near its start price.
    stable: bool = False
    #: Share of its capitalisation that changes hands in a day.
    turnover: float = 0.04


COINS: tuple[Coin, ...] = (
    Coin("bitcoin", "btc", "Bitcoin", 93_400.0, 19.9e6, 0.25, 1.0, turnover=0.02),
    Coin("ethereum", "eth", "Ethereum", 3_330.0, 120.5e6, 0.35, 1.2, turnover=0.06),
    Coin("tether", "usdt", "Tether", 1.0, 137.0e9, 0.0, stable=True, turnover=0.5),
    Coin("ripple", "xrp", "XRP", 2.08, 57.5e9, 0.5, 1.1),
    Coin("binancecoin", "bnb", "BNB", 702.0, 144.0e6, 0.3, 0.9),
    Coin("solana", "sol", "Solana", 189.0, 480.0e6, 0.5, 1.3),
    Coin("usd-coin", "usdc", "USDC", 1.0, 44.0e9, 0.0, stable=True, turnover=0.2),
    Coin("dogecoin", "doge", "Dogecoin", 0.315, 147.0e9, 0.6, 1.3),
    Coin("cardano", "ada", "Cardano", 0.845, 35.2e9, 0.5, 1.2),
    Coin("tron", "trx", "TRON", 0.254, 86.2e9, 0.3, 0.7),
    Coin("chainlink", "link", "Chainlink", 20.0, 638.0e6, 0.5, 1.2),
    Coin("stellar", "xlm", "Stellar", 0.332, 30.5e9, 0.5, 1.0),
    Coin("polkadot", "dot", "Polkadot", 6.6, 1.5e9, 0.45, 1.1),
    Coin("litecoin", "ltc", "Litecoin", 103.0, 75.4e6, 0.4, 1.0),
    Coin("uniswap", "uni", "Uniswap", 13.2, 600.0e6, 0.55, 1.2),
)


@dataclass(frozen=True)
class Quote:
    """One coin at one moment; money in US dollars, changes in per cent."""

    coin: Coin
    at: datetime
    price: float
    volume_24h: float
    high_24h: float
    low_24h: float
    #: Prices of the last seven days, one an hour, oldest first.
    week: tuple[float, ...]
    highest: float
    highest_at: datetime
    lowest: float
    lowest_at: datetime

    @property
    def market_cap(self) -> float:
        """Price times supply."""
        return self.price * self.coin.supply

    def change(self, hours: int) -> float:
        """Change of the price over so many hours, at most a week, in per cent."""
        before = self.week[-1 - hours]
        return 100.0 * (self.price / before - 1.0)


@dataclass(frozen=True)
class Market:
    """Geometric Brownian motions with a factor in common; the same seed is the same market."""

    seed: int = 7
    coins: tuple[Coin, ...] = COINS

    def minute(self, at: datetime) -> int:
        """Whole minutes since the market opened, never outside of its life."""
        return int(min(max((at - OPENED) // timedelta(minutes=1), _WEEK + _DAY), _LASTS - 1))

    def quote(self, place: int, at: datetime) -> Quote:
        """One coin as it was at a moment.

        Args:
            place: its place in ``coins``.
            at: the moment; prices change once a minute, a few seconds after it, each coin at its own second.
        """
        shift = timedelta(seconds=(7 * place + 3) % 60)
        minute = self.minute(at - shift)
        hours = np.arange(minute - _WEEK, minute + 1, 60)
        day = self.prices(place, np.arange(minute - _DAY, minute + 1, 15))
        week = self.prices(place, hours)
        highest, lowest = self._extremes(place, minute // _DAY)
        return Quote(
            coin=self.coins[place],
            at=_time(minute) + shift,
            price=float(week[-1]),
            volume_24h=self._volume(place, minute, float(week[-1])),
            high_24h=float(day.max()),
            low_24h=float(day.min()),
            week=tuple(week.tolist()),
            highest=highest[0],
            highest_at=highest[1],
            lowest=lowest[0],
            lowest_at=lowest[1],
        )

    def prices(self, place: int, minutes: np.ndarray) -> np.ndarray:
        """Prices of a coin in US dollars at some minutes, in their shape."""
        coin = self.coins[place]
        own = _FIRST_COIN + _PER_COIN * place
        if coin.stable:
            return coin.start_price * (1 + 0.0003 * self._steady(own, minutes, 180))
        common = coin.beta * 0.35 * self._walk(_MARKET, minutes)
        alone = coin.volatility * self._walk(own, minutes)
        return coin.start_price * np.exp((common + alone) / np.sqrt(_YEAR))

    def rates(self, at: datetime) -> dict[str, float]:
        """What one bitcoin costs in other currencies, by currency code."""
        minute = np.array([self.minute(at)])
        bitcoin = float(self.prices(0, minute)[0])
        ether = float(self.prices(1, minute)[0])
        rupees = 85.6 * float(np.exp(0.035 * self._walk(_RUPEE, minute) / np.sqrt(_YEAR))[0])
        euros = 0.965 * float(np.exp(0.07 * self._walk(_EURO, minute) / np.sqrt(_YEAR))[0])
        return {
            "btc": 1.0,
            "eth": bitcoin / ether,
            "usd": bitcoin,
            "inr": bitcoin * rupees,
            "eur": bitcoin * euros,
        }

    @lru_cache(maxsize=64)  # noqa: B019 - a market is small and lives as long as its server
    def _extremes(self, place: int, day: int) -> tuple[tuple[float, datetime], tuple[float, datetime]]:
        """Highest and lowest midnight price of a coin until a day, each with its time."""
        midnights = np.arange(0, day + 1) * _DAY
        life = self.prices(place, midnights)
        top, bottom = int(life.argmax()), int(life.argmin())
        return (float(life[top]), _time(int(midnights[top]))), (
            float(life[bottom]),
            _time(int(midnights[bottom])),
        )

    def _volume(self, place: int, minute: int, price: float) -> float:
        coin = self.coins[place]
        at = np.array([minute])
        own = float(self._steady(_FIRST_COIN + _PER_COIN * place + 1, at, _DAY)[0])
        hour = (minute % _DAY) / 60
        return (
            coin.turnover * coin.supply * price * float(np.exp(0.12 * own + 0.05 * np.sin(np.pi * hour / 12)))
        )

    def _steady(self, stream: int, minutes: np.ndarray, over: int) -> np.ndarray:
        """Noise of unit variance whose memory is ``over`` minutes."""
        return (self._walk(stream, minutes) - self._walk(stream, minutes - over)) / np.sqrt(over)

    def _walk(self, stream: int, minutes: np.ndarray) -> np.ndarray:
        """Brownian motion of unit variance a minute, by midpoint displacement: no minute needs another."""
        low, high = np.zeros_like(minutes), np.full_like(minutes, _LASTS)
        at_low = np.zeros(minutes.shape)
        at_high = np.sqrt(_LASTS) * self._normal(stream, high)
        for _ in range(_LEVELS):
            middle = (low + high) // 2
            at_middle = (at_low + at_high) / 2 + np.sqrt((high - low) / 4) * self._normal(stream, middle)
            right = minutes >= middle
            low, at_low = np.where(right, middle, low), np.where(right, at_middle, at_low)
            high, at_high = np.where(right, high, middle), np.where(right, at_high, at_middle)
        return at_low

    def _normal(self, stream: int, number: np.ndarray) -> np.ndarray:
        """A normal number for each whole number, always the same one (Box and Muller 1958)."""
        key = np.uint64((self.seed * 1_000_003 + stream) * 0x9E3779B97F4A7C15 % 2**64)
        first = _mixed(number.astype(np.uint64) ^ key)
        second = _mixed(first ^ key)
        radius = np.sqrt(-2 * np.log((first.astype(np.float64) + 1) / 2.0**64))
        return radius * np.cos(2 * np.pi * second.astype(np.float64) / 2.0**64)


def _mixed(x: np.ndarray) -> np.ndarray:
    """Scramble 64 bits (finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _time(minute: int) -> datetime:
    return OPENED + timedelta(minutes=minute)
