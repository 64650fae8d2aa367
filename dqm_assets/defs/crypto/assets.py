"""The asset of the crypto prices: one materialisation is one attempt to fetch them."""

import dagster as dg

from dqm_assets.checks.metadata import dashboard_link
from dqm_assets.defs.resources import StoreResource
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.settings import settings
from dqm_assets.sources.crypto.client import CryptoClient
from dqm_assets.sources.crypto.collect import DATASET, DESCRIPTION, TABLE, collect


def prices_asset() -> dg.AssetsDefinition:
    """Make the asset; its owner is the contract's."""
    owner = find_dataset(settings(), DATASET).owner

    @dg.asset(
        name=DATASET,
        group_name="crypto",
        kinds={"api", "duckdb"},
        owners=[f"team:{owner}"] if owner else None,
        metadata={"dashboard": dashboard_link("/crypto")},
        description=f"{DESCRIPTION} Coins that break the provider's contract are in raw.quarantine.",
    )
    def crypto_prices(context: dg.AssetExecutionContext, store: StoreResource) -> dg.MaterializeResult:
        with CryptoClient.of(settings()) as client:
            collected = collect(store.open(), settings(), client, dagster_run_id=context.run.run_id)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": collected.stored,
                "coins": collected.coins,
                "quarantined": collected.quarantined,
                "stale_rates": collected.stale_rates,
                "simulated": collected.simulated,
                "newest": collected.newest.isoformat() if collected.newest else "",
                "alerts_opened": collected.opened,
                "alerts_resolved": collected.resolved,
                "attempt": collected.attempt_id,
                "table": TABLE,
                "dashboard": dashboard_link("/crypto"),
            }
        )

    return crypto_prices
