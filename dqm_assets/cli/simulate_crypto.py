"""``dqm simulate crypto``: hours of a simulated market through the real pipeline, in seconds."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from dqm_assets.cli.output import JsonFlag, log_console, print_json, print_table

#: Moments of one attempt: their rows are one commit.
_PER_ATTEMPT = 48
#: Moments whose rates were fresh: the simulator's answers are of the very moment that they were asked for.
_KNOWN = """
    SELECT DISTINCT inr_rate_ts AS at FROM raw.crypto_prices
    WHERE simulated AND NOT inr_rate_stale AND inr_rate_ts >= ?
"""


def crypto(
    *,
    minutes: Annotated[int, typer.Option(min=1, help="Span of simulated time that ends now.")] = 1440,
    step: Annotated[int, typer.Option(min=1, help="Minutes of simulated time between two fetches.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same market.")] = 7,
    fault_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Share of answers that fail and have to be asked for again.")
    ] = 0.0,
    json: JsonFlag = False,
) -> None:
    """Fetch a span of a simulated market: client, contract, store, baselines and alerts are the real ones.

    Every row is marked as simulated. Moments that are stored already are left out.
    """
    from decimal import Decimal

    from fastapi import FastAPI

    from dqm_assets.settings import settings
    from dqm_assets.simulate.crypto_api import CryptoFaults, crypto_router
    from dqm_assets.simulate.market import Market
    from dqm_assets.simulate.serving import serving
    from dqm_assets.sources.crypto.client import CryptoClient
    from dqm_assets.sources.crypto.collect import collect
    from dqm_assets.sources.http import Fetcher
    from dqm_assets.store import open_store

    now = datetime.now(UTC).replace(second=0, microsecond=0)
    end = now - timedelta(minutes=now.minute % step if step < 60 else 0)  # noqa: PLR2004 - minutes of an hour
    begin = end - timedelta(minutes=minutes // step * step)
    moments = [begin + timedelta(minutes=passed) for passed in range(0, minutes + 1, step)]
    simulator = FastAPI()
    simulator.include_router(crypto_router(Market(seed), CryptoFaults(fault_rate, seed=seed)))
    top = settings().crypto_top
    with (
        log_console.status(f"fetching {len(moments)} snapshots of a simulated market"),
        open_store(settings()) as store,
        serving(simulator) as url,
        # A circuit of its own: the real provider's troubles are none of the simulator's.
        CryptoClient(Fetcher(f"{url}/api/v3", name="crypto simulator", parse_float=Decimal), top) as client,
    ):
        known = {row["at"] for row in store.rows(_KNOWN, [moments[0]])}
        moments = [moment for moment in moments if moment not in known]
        collected = [
            collect(store, settings(), client, moments[start : start + _PER_ATTEMPT])
            for start in range(0, len(moments), _PER_ATTEMPT)
        ]
    total = {
        "snapshots": sum(each.snapshots for each in collected),
        "coins": sum(each.coins for each in collected),
        "stored": sum(each.stored for each in collected),
        "quarantined": sum(each.quarantined for each in collected),
        "alerts_opened": sum(each.opened for each in collected),
        "from": begin,
        "until": end,
    }
    if json:
        print_json({**total, "simulated": True})
    else:
        print_table("simulated prices", [total])
