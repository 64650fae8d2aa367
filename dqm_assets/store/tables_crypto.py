"""Tables of the crypto prices, and of the attempts of pipelines that ask for data."""

from dqm_assets.store.table import BIG, FLAG, JSON, REAL, TEXT, TIME, declare

#: Money: a coin may cost a millionth of a cent, and all coins of one kind a trillion dollars.
PRICE, AMOUNT = "DECIMAL(38,18)", "DECIMAL(38,6)"

CRYPTO_TABLES = (
    declare(
        "raw.crypto_prices",
        "coin_id provider_ts",
        {
            "provider_ts": TIME,
            "symbol": TEXT,
            "name": TEXT,
            "market_cap_rank": BIG,
            "price_usd": PRICE,
            "price_inr": PRICE,
            "inr_rate": PRICE,
            "inr_rate_ts": TIME,
            "inr_rate_stale": FLAG,
            "market_cap": AMOUNT,
            "total_volume": AMOUNT,
            "high_24h": PRICE,
            "low_24h": PRICE,
            "change_24h_percent": REAL,
            "simulated": FLAG,
            "batch": TEXT,
            "fetched_at": TIME,
        },
        time="provider_ts",
    ),
    declare(
        "monitoring.pipeline_attempts",
        "pipeline attempt_id",
        {
            "started_at": TIME,
            "finished_at": TIME,
            "status": TEXT,
            "stage": TEXT,
            "reason": TEXT,
            "details": JSON,
            "simulated": FLAG,
            "dagster_run_id": TEXT,
        },
        sort="pipeline started_at",
        time="finished_at",
    ),
)
