"""Rows that satisfy each shipped contract, made by hand from the columns of its table."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from dqm_assets.simulate.runs import RunSeries

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ROWS = 400
_TIME = pa.timestamp("us", "UTC")
_MONEY = pa.decimal128(38, 12)
_LETTERS = {"ATM": "AT", "CC": "CC", "PD": "PD", "PC": "PC"}


def _times(step: timedelta) -> pa.Array:
    return pa.array([NOW - n * step for n in range(ROWS)], _TIME)


def _devices() -> pa.Table:
    kinds = [list(_LETTERS)[n % 4] for n in range(ROWS)]
    return pa.table(
        {
            "device_code": [f"{_LETTERS[kind]}{n:06}" for n, kind in enumerate(kinds)],
            "acquisition_sequence": [f"{n % 90 + 10:05}20240115" for n in range(ROWS)],
            "branch_id": [f"{n % 90 + 10:05}" for n in range(ROWS)],
            "state": [["SP", "RJ", "MG", "AC"][n % 4] for n in range(ROWS)],
            "has_error": [n % 50 == 0 for n in range(ROWS)],
            "machine_type": kinds,
            "machine_model": [f"model-{n % 7}" for n in range(ROWS)],
            "supplier": [f"supplier-{n % 5}" for n in range(ROWS)],
            "network_address": [
                f"10.{n % 200}.3.4" if n % 2 else f"192.168.1.{n % 250}" for n in range(ROWS)
            ],
            "operating_system": [["Windows", "Linux"][n % 2] for n in range(ROWS)],
            "os_version": ["10.0", "11.2"] * (ROWS // 2),
            "acquisition_date": pa.array([date(2024, 1, 15)] * ROWS),
            "last_connection_ts": _times(timedelta(minutes=1)),
        }
    )


def _segments() -> pa.Table:
    values = [f"value-{n}" for n in range(ROWS)]
    pair = [n % 2 == 0 for n in range(ROWS)]
    return pa.table(
        {
            "ts": pa.array([NOW] * ROWS, _TIME),
            "segment": ["State and Type" if two else "Supplier" for two in pair],
            "dim1_name": ["State" if two else "Supplier" for two in pair],
            "dim1_value": values,
            "dim2_name": ["Type" if two else "" for two in pair],
            "dim2_value": ["ATM" if two else "" for two in pair],
            "dim3_name": [""] * ROWS,
            "dim3_value": [""] * ROWS,
            "count": list(range(ROWS)),
        }
    )


def _markets() -> pa.Table:
    return pa.table(
        {
            "id": [f"coin-{n}" for n in range(ROWS)],
            "symbol": [f"c{n}" for n in range(ROWS)],
            "name": [f"Coin {n}" for n in range(ROWS)],
            "current_price": [0.5 + n for n in range(ROWS)],
            "market_cap": [1e9 - n for n in range(ROWS)],
            "market_cap_rank": [n + 1 for n in range(ROWS)],
            "total_volume": [1e6 + n for n in range(ROWS)],
            "price_change_percentage_24h": [n % 9 - 4.5 for n in range(ROWS)],
            "last_updated": _times(timedelta(seconds=1)),
        }
    )


def _prices() -> pa.Table:
    usd = [Decimal(n + 1) / 4 for n in range(ROWS)]
    rate = Decimal("83.25")
    return pa.table(
        {
            "coin_id": [f"coin-{n}" for n in range(ROWS)],
            "provider_ts": _times(timedelta(seconds=1)),
            "symbol": [f"c{n}" for n in range(ROWS)],
            "name": [f"Coin {n}" for n in range(ROWS)],
            "price_usd": pa.array(usd, _MONEY),
            "price_inr": pa.array([one * rate for one in usd], _MONEY),
            "inr_rate": pa.array([rate] * ROWS, _MONEY),
            "inr_rate_ts": pa.array([NOW] * ROWS, _TIME),
            "inr_rate_stale": [False] * ROWS,
            "market_cap": pa.array([Decimal(n) for n in range(ROWS)], _MONEY),
            "total_volume": pa.array([Decimal(n) for n in range(ROWS)], _MONEY),
            "simulated": [True] * ROWS,
        }
    )


def _events() -> pa.Table:
    return pa.table(
        {
            "event_id": [f"event-{n}" for n in range(ROWS)],
            "source": [f"plant-{n % 3}" for n in range(ROWS)],
            "sensor": [f"sensor-{n % 20}" for n in range(ROWS)],
            "ts": _times(timedelta(milliseconds=50)),
            "value": pa.array([None if n % 97 == 0 else n / 10 for n in range(ROWS)], pa.float64()),
            "status": ["ok"] * ROWS,
        }
    )


#: Contract file and dataset → rows that satisfy it.
GOOD_ROWS = {
    ("detector_runs.odcs.yaml", "detector"): lambda: RunSeries().run(0).table,
    ("devices.odcs.yaml", "device_inventory"): _devices,
    ("devices.odcs.yaml", "devices"): _segments,
    ("crypto.odcs.yaml", "coins_markets"): _markets,
    ("crypto.odcs.yaml", "crypto_prices"): _prices,
    ("streams.odcs.yaml", "stream_events"): _events,
}
