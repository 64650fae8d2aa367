"""``dqm crypto``: fetch prices now, and see how fetching them goes."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, log_console, print_json, print_table

app = typer.Typer(help="Fetch crypto prices and see how it goes.", no_args_is_help=True)

_NEWEST = """
    SELECT coin_id, symbol, name, price_usd, price_inr, inr_rate_ts, inr_rate_stale, change_24h_percent,
        provider_ts, simulated
    FROM raw.crypto_prices
    QUALIFY row_number() OVER (PARTITION BY coin_id ORDER BY provider_ts DESC) = 1
    ORDER BY market_cap DESC
"""
_ATTEMPTS = """
    SELECT attempt_id, started_at, finished_at, status, stage, reason, details, simulated
    FROM monitoring.pipeline_attempts WHERE pipeline = ?
    ORDER BY started_at DESC LIMIT ?
"""


@app.callback()
def crypto() -> None:
    """Fetch crypto prices and see how it goes."""


@app.command()
def fetch(
    *,
    current_time: Annotated[
        datetime | None,
        typer.Option(
            help="Moment of the simulated market (UTC); only the simulator knows any but the present.",
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"],
        ),
    ] = None,
    json_output: JsonFlag = False,
) -> None:
    """Fetch the prices once; exit code 1 when a coin was quarantined, 2 when the fetch failed."""
    from dqm_assets.settings import settings
    from dqm_assets.sources.crypto.client import CryptoClient
    from dqm_assets.sources.crypto.collect import collect
    from dqm_assets.store import open_store

    at = current_time.replace(tzinfo=UTC) if current_time else None
    with (
        log_console.status("fetching prices"),
        open_store(settings()) as store,
        CryptoClient.of(settings()) as client,
    ):
        collected = collect(store, settings(), client, (at,))
    if json_output:
        print_json(vars(collected))
    else:
        print_table("simulated prices" if collected.simulated else "prices", [vars(collected)])
    if collected.quarantined:
        raise typer.Exit(DATA_FAILED)


@app.command()
def status(
    *,
    attempts: Annotated[int, typer.Option(min=1, max=1000, help="Newest attempts to list.")] = 5,
    json_output: JsonFlag = False,
) -> None:
    """Show the last success, the newest attempts and prices; exit code 1 when the last attempt failed."""
    from dqm_assets.settings import settings
    from dqm_assets.sources.crypto.collect import DATASET
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        found = store.rows("SELECT * FROM monitoring.pipeline_status WHERE pipeline = ?", [DATASET])
        tried = store.rows(_ATTEMPTS, [DATASET, attempts])
        prices = store.rows(_NEWEST)
    for row in (*found, *tried):
        row["details"] = json.loads(row["details"] or "{}")
    if json_output:
        print_json({"status": found[0] if found else None, "attempts": tried, "prices": prices})
    else:
        _show(found, tried, prices)
    if found and found[0]["status"] != "SUCCESS":
        raise typer.Exit(DATA_FAILED)


def _show(found: list[dict[str, Any]], tried: list[dict[str, Any]], prices: list[dict[str, Any]]) -> None:
    if not found:
        console.print("Prices were never fetched. `dqm crypto fetch` does it once.", highlight=False)
        return
    last = found[0]["last_success"]
    console.print(
        f"{found[0]['status']}, last success {f'{last:%Y-%m-%d %H:%M:%S} UTC' if last else 'never'}"
        + (
            f"; failed at {found[0]['stage']}: {found[0]['reason']}" if found[0]["status"] == "FAILED" else ""
        ),
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    columns = ["started_at", "status", "stage", "reason", "simulated"]
    print_table(f"{len(tried)} newest attempts", tried, columns)
    shown = [
        {
            "coin": row["name"],
            "USD": _money(row["price_usd"]),
            "INR": _money(row["price_inr"]),
            "24 h %": row["change_24h_percent"],
            "provider's time": row["provider_ts"],
            "rate": "stale" if row["inr_rate_stale"] else "fresh",
            "simulated": row["simulated"],
        }
        for row in prices
    ]
    print_table("newest prices", shown)


def _money(amount: Decimal | None) -> str | None:
    if amount is None:
        return None
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.6g}"
