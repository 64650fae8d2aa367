"""Collecting prices: extract, transform, store, judge; one attempt, recorded whichever way it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dqm_assets.errors import SourceError
from dqm_assets.pipeline.attempts import Attempt, attempt
from dqm_assets.pipeline.datasets import find_dataset, register_source
from dqm_assets.pipeline.observe import ObserveSummary
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.contracts import Contract
from dqm_assets.settings import Settings
from dqm_assets.sources.crypto.client import CryptoClient
from dqm_assets.sources.crypto.prices import Price, Rate
from dqm_assets.sources.crypto.series import judge_prices
from dqm_assets.sources.crypto.snapshot import Answers, Snapshot, extract, rate_of, transform
from dqm_assets.store import Store

DATASET = "crypto_prices"
TABLE = "raw.crypto_prices"
#: The dataset whose contract the provider's answer is held to.
PAYLOAD = "coins_markets"
DESCRIPTION = "Prices of the largest coins in US dollars and rupees, from the provider's API."

_LAST_RATE = """
    SELECT inr_rate, inr_rate_ts FROM raw.crypto_prices
    WHERE inr_rate IS NOT NULL AND simulated = ? AND inr_rate_ts <= ?
    ORDER BY inr_rate_ts DESC LIMIT 1
"""
_KNOWN = """
    SELECT coin_id, provider_ts, inr_rate_stale FROM raw.crypto_prices
    WHERE provider_ts BETWEEN ? AND ? AND list_contains(?, coin_id)
"""


@dataclass(frozen=True)
class Collected:
    """What an attempt brought."""

    attempt_id: str
    snapshots: int
    #: Coins in the answers, those that were kept, and rows that the store did not have yet.
    coins: int
    kept: int
    stored: int
    quarantined: int
    stale_rates: int
    simulated: bool
    newest: datetime | None
    opened: int
    resolved: int


def collect(
    store: Store,
    settings: Settings,
    client: CryptoClient,
    moments: Sequence[datetime | None] = (None,),
    *,
    dagster_run_id: str = "",
) -> Collected:
    """Fetch the prices of some moments and keep them; the same again changes nothing.

    Args:
        store: The open store.
        settings: Where the contracts are, and from what age a rate is stale.
        client: Asks the provider.
        moments: Of the simulated market, in order; ``None`` is the present, which is all a real one has.
        dagster_run_id: The Dagster run that this belongs to.

    Raises:
        SourceError: the provider cannot be reached, or its answer cannot be used.
        StoreError: the rows cannot be written; none of them is.
    """
    owner = find_dataset(settings, DATASET).owner
    with attempt(store, DATASET, owner=owner, dagster_run_id=dagster_run_id) as current:
        current.stage = "extract"
        answers = [extract(client, at) for at in moments]
        current.simulated = any(each.simulated for each in answers)
        current.stage = "transform"
        snapshots = _transformed(store, settings, answers, current)
        current.stage = "store"
        stored = _stored(store, settings, snapshots, owner)
        current.stage = "judge"
        summary = judge_prices(store, DATASET, snapshots, owner=owner, simulated=current.simulated)
        collected = _collected(current, snapshots, stored, summary)
        current.details.update(vars(collected))
        current.stage = "store"
    return collected


def payload_contract(settings: Settings) -> Contract:
    """The contract of the provider's answer.

    Raises:
        SourceError: there is none in the contracts folder.
    """
    contract = find_dataset(settings, PAYLOAD).contract
    if contract is None:
        raise SourceError(
            f"No contract in {settings.contracts} is about {PAYLOAD}, so the provider's answer cannot be "
            "judged. Put crypto.odcs.yaml there."
        )
    return contract


def _transformed(
    store: Store, settings: Settings, answers: Sequence[Answers], current: Attempt
) -> list[Snapshot]:
    contract = payload_contract(settings)
    limit = timedelta(minutes=settings.crypto_rate_minutes)
    last: Rate | None = None
    snapshots = []
    for each in answers:
        if last is None:
            last = _last_rate(store, each)
        rate, problem = rate_of(each, last)
        current.reservation = problem or current.reservation
        last = rate or last
        snapshots.append(transform(each, rate, contract, DATASET, limit))
    if not any(snapshot.prices for snapshot in snapshots):
        _quarantine(store, snapshots)
        first = next(row for snapshot in snapshots for row in snapshot.quarantine)
        raise SourceError(f"No coin of the answer can be kept; the first: {first.reason}.", "no_coins")
    return snapshots


def _last_rate(store: Store, answers: Answers) -> Rate | None:
    rows = store.rows(_LAST_RATE, [answers.simulated, answers.markets.generated_at])
    return Rate(rows[0]["inr_rate"], rows[0]["inr_rate_ts"]) if rows else None


def _stored(store: Store, settings: Settings, snapshots: Sequence[Snapshot], owner: str) -> int:
    """Write what is new, or has a fresh rate at last; a row that is whole is never written again."""
    prices = [price for snapshot in snapshots for price in snapshot.prices]
    times = [price.provider_ts for price in prices]
    with store.transaction(TABLE, "raw.quarantine") as tx:
        known = tx.query(_KNOWN, [min(times), max(times), sorted({price.coin_id for price in prices})])
        stale = {(row["coin_id"], row["provider_ts"]): row["inr_rate_stale"] for row in known.to_pylist()}
        new = [price for price in prices if _wanted(price, stale.get((price.coin_id, price.provider_ts)))]
        upsert_rows(tx, TABLE, new)
        upsert_rows(tx, "raw.quarantine", [row for snapshot in snapshots for row in snapshot.quarantine])
    found = find_dataset(settings, DATASET)
    register_source(
        store,
        DATASET,
        TABLE,
        owner,
        str(found.contract_path or ""),
        DESCRIPTION,
        any(price.simulated for price in prices),
        timestamp_column="provider_ts",
    )
    return len(new)


def _wanted(price: Price, known_stale: bool | None) -> bool:
    """Whether a row is better than the one that is there: None says that there is none."""
    return known_stale is None or (known_stale and not price.inr_rate_stale)


def _quarantine(store: Store, snapshots: Sequence[Snapshot]) -> None:
    with store.transaction("raw.quarantine") as tx:
        upsert_rows(tx, "raw.quarantine", [row for snapshot in snapshots for row in snapshot.quarantine])


def _collected(
    current: Attempt, snapshots: Sequence[Snapshot], stored: int, summary: ObserveSummary
) -> Collected:
    prices = [price for snapshot in snapshots for price in snapshot.prices]
    quarantined = sum(len(snapshot.quarantine) for snapshot in snapshots)
    return Collected(
        attempt_id=current.attempt_id,
        snapshots=len(snapshots),
        coins=len(prices) + quarantined,
        kept=len(prices),
        stored=stored,
        quarantined=quarantined,
        stale_rates=sum(price.inr_rate_stale for price in prices),
        simulated=current.simulated,
        newest=max((price.provider_ts for price in prices), default=None),
        opened=summary.opened,
        resolved=summary.resolved,
    )
