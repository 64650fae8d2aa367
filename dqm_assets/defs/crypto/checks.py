"""Checks of the crypto prices: the contract, the age of the data, the exchange rate, what was kept out."""

import dagster as dg

from dqm_assets.checks.freshness import DataAge, freshness_check
from dqm_assets.checks.metadata import markdown_table
from dqm_assets.defs.contract_checks import newest_batch_checks
from dqm_assets.defs.resources import StoreResource, process_store
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.quality.contracts.sla import Sla
from dqm_assets.settings import settings
from dqm_assets.sources.crypto.collect import DATASET

_ARRIVALS = 400
#: The rows of the newest fetch: what the materialisation of the same run brought.
_NEWEST = """
    SELECT * FROM raw.crypto_prices
    WHERE fetched_at = (SELECT max(fetched_at) FROM raw.crypto_prices)
    ORDER BY market_cap DESC
"""
_AGE = """
    SELECT min(provider_ts) AS oldest, max(provider_ts) AS newest FROM raw.crypto_prices
"""
_FETCHED = "SELECT DISTINCT fetched_at FROM raw.crypto_prices ORDER BY fetched_at DESC LIMIT ?"
#: What the newest attempt kept out: one that failed brought no rows, but its coins are kept here too.
_QUARANTINED = """
    SELECT line, column_name, code, reason, raw_text FROM raw.quarantine
    WHERE dataset = $dataset AND quarantined_at >= (
        SELECT max(started_at) FROM monitoring.pipeline_attempts WHERE pipeline = $dataset
    )
    ORDER BY line
"""


def price_checks(asset: dg.AssetsDefinition) -> list[dg.AssetChecksDefinition]:
    """Make the checks of the asset of prices.

    Args:
        asset: The asset.
    """
    contract = find_dataset(settings(), DATASET).contract
    checks = [
        freshness_check(asset.key, _age, sla=contract.sla if contract else Sla()),
        _rate_check(asset),
        _quarantine_check(asset),
    ]
    if contract is not None:
        checks.append(newest_batch_checks(asset, contract))
    return checks


def _age(_context: dg.AssetCheckExecutionContext) -> DataAge:
    store = process_store()
    span = store.rows(_AGE)[0]
    fetched = store.rows(_FETCHED, [_ARRIVALS])
    return DataAge(span["newest"], sorted(row["fetched_at"] for row in fetched), span["oldest"])


def _rate_check(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset, name="exchange_rate", description="Rupees are made with a rate that is not stale."
    )
    def exchange_rate(store: StoreResource) -> dg.AssetCheckResult:
        rows = store.open().rows(_NEWEST)
        stale = [row for row in rows if row["inr_rate_stale"]]
        rate = rows[0] if rows else None
        return dg.AssetCheckResult(
            asset_key=asset.key,
            check_name="exchange_rate",
            passed=bool(rows) and not stale,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{len(stale)} of {len(rows)} rows have a stale rate."
            if rows
            else "There are no prices yet.",
            metadata={
                "stale_rows": len(stale),
                "rows": len(rows),
                "inr_per_usd": str(rate["inr_rate"]) if rate else "",
                "rate_time": rate["inr_rate_ts"].isoformat() if rate and rate["inr_rate_ts"] else "",
            },
        )

    return exchange_rate


def _quarantine_check(asset: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset, name="payload", description="Every coin of the provider's answer keeps its contract."
    )
    def payload(store: StoreResource) -> dg.AssetCheckResult:
        rows = store.open().rows(_QUARANTINED, {"dataset": DATASET})
        metadata: dict = {"quarantined": len(rows)}
        if rows:
            header = ("line", "column_name", "code", "reason", "raw_text")
            table = markdown_table(header, [[row[name] for name in header] for row in rows])
            metadata["coins"] = dg.MetadataValue.md(table)
        return dg.AssetCheckResult(
            asset_key=asset.key,
            check_name="payload",
            passed=not rows,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{len(rows)} coins were kept out, the first because {rows[0]['reason']}."
            if rows
            else "No coin was kept out.",
            metadata=metadata,
        )

    return payload
