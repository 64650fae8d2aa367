"""The series of the crypto prices: what is observed of each snapshot, and how it is judged."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dqm_assets.pipeline.observe import ObserveSummary, Point, Watch, observe
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.sources.crypto.snapshot import Snapshot
from dqm_assets.store import Store

#: Price changes are scaled to this span, whatever time lay between two snapshots: the changes of a random
#: walk grow with the root of time.
SPAN = timedelta(minutes=5)
#: Rows that an earlier attempt stored and could not observe are looked for this far back.
_LOOK_BACK = timedelta(days=2)

_SENSITIVITY = Sensitivity.per_weeks(26)
#: The level of a price is a random walk and has no normal range; its changes have.
WATCHES = (
    Watch("price_change", "price_change", sensitivity=_SENSITIVITY, least_change=0.01),
    Watch("volume", "volume", sensitivity=_SENSITIVITY, kind="positive", least_relative=0.25),
    Watch("rate", "rate", sensitivity=_SENSITIVITY, kind="positive", least_relative=0.01),
    Watch(
        "quarantined_fraction",
        "quarantined_fraction",
        kind="share",
        bad_when="high",
        least_change=0.05,
        severity="error",
    ),
)

#: What is stored and not observed yet; the change is taken from the row before, however long ago.
_UNOBSERVED = """
    WITH rows AS (
        SELECT coin_id, provider_ts, batch, price_usd::DOUBLE AS price, total_volume::DOUBLE AS volume,
            inr_rate::DOUBLE AS rate, inr_rate_stale,
            lag(price_usd::DOUBLE) OVER coin AS price_before, lag(provider_ts) OVER coin AS ts_before
        FROM raw.crypto_prices WHERE provider_ts >= $since
        WINDOW coin AS (PARTITION BY coin_id ORDER BY provider_ts)
    )
    SELECT *, ln(price / price_before)
        / sqrt(greatest(epoch(provider_ts) - epoch(ts_before), 1) / $span) AS price_change
    FROM rows
    WHERE NOT EXISTS (
        FROM metrics.metrics AS m
        WHERE m.dataset = $dataset AND m.column_name = 'price_usd' AND m.metric = 'price'
            AND m.segment = rows.coin_id AND m.batch = rows.batch AND m.ts >= $since
    )
    ORDER BY provider_ts, coin_id
"""


def judge_prices(
    store: Store, dataset: str, snapshots: Sequence[Snapshot], *, owner: str, simulated: bool
) -> ObserveSummary:
    """Observe what is stored and not observed yet, and the share of coins that were kept out.

    Args:
        store: The open store.
        dataset: Name of the dataset.
        snapshots: Snapshots of this attempt.
        owner: Who is told.
        simulated: Whether the data is made up.
    """
    oldest = min(price.provider_ts for snapshot in snapshots for price in snapshot.prices)
    rows = store.rows(
        _UNOBSERVED,
        {"since": oldest - _LOOK_BACK, "span": SPAN.total_seconds(), "dataset": dataset},
    )
    points = [point for row in rows for point in _coin_points(row)]
    points += _rate_points(rows)
    points += [_quarantine_point(snapshot) for snapshot in snapshots if snapshot.prices]
    return observe(store, dataset, points, WATCHES, owner=owner, simulated=simulated)


def _coin_points(row: dict) -> list[Point]:
    coin, batch, ts = row["coin_id"], row["batch"], row["provider_ts"]
    points = [
        Point("price_usd", coin, "price", batch, ts, row["price"]),
        Point("total_volume", coin, "volume", batch, ts, row["volume"]),
    ]
    if row["price_change"] is not None:
        points.append(Point("price_usd", coin, "price_change", batch, ts, row["price_change"]))
    return points


def _rate_points(rows: Sequence[dict]) -> list[Point]:
    """One point a snapshot whose rate is its own: a rate that is used again says nothing new."""
    fresh: dict[str, tuple[datetime, float]] = {}
    for row in rows:
        if row["rate"] is not None and not row["inr_rate_stale"]:
            fresh[row["batch"]] = (row["provider_ts"], row["rate"])
    return [Point("inr_rate", "", "rate", batch, ts, rate) for batch, (ts, rate) in fresh.items()]


def _quarantine_point(snapshot: Snapshot) -> Point:
    kept, lost = len(snapshot.prices), len(snapshot.quarantine)
    ts = max(price.provider_ts for price in snapshot.prices)
    return Point("", "", "quarantined_fraction", snapshot.batch, ts, lost / (kept + lost))
