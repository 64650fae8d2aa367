"""One snapshot of the market: what the provider answered, and the rows that were made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dqm_assets.errors import SourceError
from dqm_assets.quality.contracts import Contract
from dqm_assets.sources.crypto.client import CryptoClient, is_simulated
from dqm_assets.sources.crypto.payload_contract import keep_contract
from dqm_assets.sources.crypto.prices import (
    Coin,
    Price,
    Rate,
    Rejected,
    Terms,
    priced,
    raw_text,
    read_coins,
    read_rate,
)
from dqm_assets.sources.http import Reply
from dqm_assets.store.quarantine_row import QuarantineRow


@dataclass(frozen=True)
class Answers:
    """What the provider answered at one moment; without rates when those could not be had."""

    markets: Reply
    rates: Reply | None
    #: Why there are no rates; empty when there are.
    problem: str = ""

    @property
    def simulated(self) -> bool:
        """Whether the simulator answered."""
        return is_simulated(self.markets)


@dataclass(frozen=True)
class Snapshot:
    """The rows of one moment: the same answers always give the same rows."""

    #: The newest of the provider's times, which names the snapshot.
    batch: str
    prices: tuple[Price, ...]
    quarantine: tuple[QuarantineRow, ...]
    simulated: bool


def extract(client: CryptoClient, at: datetime | None) -> Answers:
    """Ask the provider; prices without rates are better than none.

    Raises:
        FetchError: there are no prices.
        SourceError: a moment was asked for, and whoever answered is no simulator.
    """
    markets = client.markets(at)
    if at is not None and not is_simulated(markets):
        raise SourceError("Only the simulator knows other moments than the present. Leave the time out.")
    try:
        return Answers(markets, client.rates(at))
    except SourceError as error:
        return Answers(markets, None, str(error))


def rate_of(answers: Answers, last: Rate | None) -> tuple[Rate | None, str]:
    """The rate to use, and why it is not a fresh one; empty when it is.

    Args:
        answers: The provider's answers.
        last: The newest rate that is stored.
    """
    problem = answers.problem
    if answers.rates is not None:
        try:
            return read_rate(answers.rates), ""
        except SourceError as error:
            problem = str(error)
    if last is None:
        return None, f"No exchange rate, so no rupees: {problem}"
    told = f"The exchange rate of {last.ts:%Y-%m-%d %H:%M} UTC is used again: {problem}"
    return Rate(last.inr_per_usd, last.ts, carried=True), told


def transform(
    answers: Answers, rate: Rate | None, contract: Contract, dataset: str, limit: timedelta
) -> Snapshot:
    """Make rows of the provider's answers.

    Raises:
        SourceError: the answer is no list of coins.
    """
    reply = answers.markets
    typed, untyped = read_coins(reply)
    kept, broken = keep_contract(contract, typed, reply.received_at)
    batch = _batch(kept or typed, reply.received_at)
    terms = Terms(rate, limit, answers.simulated, batch, reply.received_at)
    prices, incomplete = priced(kept, terms)
    rejected = sorted([*untyped, *broken, *incomplete], key=lambda one: one.line)
    quarantine = [_quarantined(one, reply, dataset, batch) for one in rejected]
    return Snapshot(batch, tuple(prices), tuple(quarantine), answers.simulated)


def _batch(coins: Sequence[Coin], received_at: datetime) -> str:
    times = [coin.last_updated for coin in coins if coin.last_updated is not None]
    return f"{max(times, default=received_at).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _quarantined(rejected: Rejected, reply: Reply, dataset: str, batch: str) -> QuarantineRow:
    return QuarantineRow(
        dataset=dataset,
        run_id=batch,
        line=rejected.line,
        column_name=rejected.column,
        file="coins/markets",
        code=rejected.code,
        reason=rejected.reason,
        raw_text=raw_text(reply.data[rejected.line - 1]),
        quarantined_at=reply.received_at,
    )
