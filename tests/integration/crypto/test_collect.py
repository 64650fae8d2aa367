"""Prices from a running provider into a real store: attempts, alerts, rates, safe re-runs."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from fastapi import FastAPI

from dqm_assets.errors import SourceError
from dqm_assets.settings import Settings
from dqm_assets.simulate.crypto_api import CryptoFaults, Fault, crypto_router
from dqm_assets.simulate.market import Market
from dqm_assets.simulate.serving import serving
from dqm_assets.sources.crypto.collect import Collected
from dqm_assets.store import Store
from tests.integration.crypto.conftest import START, Provider, collect_from

Fetch = Callable[..., Collected]

STATUS = "SELECT * FROM monitoring.pipeline_status WHERE pipeline = 'crypto_prices'"
ATTEMPTS = "SELECT * FROM monitoring.pipeline_attempts WHERE pipeline = 'crypto_prices' ORDER BY started_at"
ALERTS = "SELECT * FROM monitoring.alerts WHERE dataset = 'crypto_prices' AND detector = 'pipeline'"
PRICES = "SELECT * FROM raw.crypto_prices ORDER BY provider_ts, coin_id"
POINTS = "SELECT * FROM metrics.metrics WHERE dataset = 'crypto_prices' ORDER BY ALL"


def test_prices_are_stored_exactly_in_both_currencies_and_marked_as_simulated(
    fetch: Fetch, store: Store
) -> None:
    collected = fetch(0)

    assert (collected.coins, collected.stored, collected.quarantined, collected.simulated) == (
        10,
        10,
        0,
        True,
    )
    rows = store.rows(PRICES)
    assert len({row["coin_id"] for row in rows}) == 10
    for row in rows:
        assert isinstance(row["price_usd"], Decimal)
        assert abs(row["price_usd"] * row["inr_rate"] - row["price_inr"]) <= Decimal("1e-18")
        assert (row["simulated"], row["inr_rate_stale"], row["inr_rate_ts"]) == (True, False, START)
        assert START - timedelta(minutes=2) < row["provider_ts"] <= START
    listed = store.rows("SELECT * FROM monitoring.datasets WHERE dataset = 'crypto_prices'")
    assert [(row["table_name"], row["owner"], row["simulated"]) for row in listed] == [
        ("raw.crypto_prices", "market-data", True)
    ]


def test_the_same_moments_again_change_nothing(fetch: Fetch, store: Store) -> None:
    fetch(0, 5, 10)
    before = [store.rows(statement) for statement in (PRICES, POINTS)]

    again = fetch(0, 5, 10)

    assert again.stored == 0
    assert [store.rows(statement) for statement in (PRICES, POINTS)] == before


def test_moments_in_any_order_give_the_same_rows(fetch: Fetch, store: Store) -> None:
    fetch(10)
    fetch(0)
    fetch(5)

    assert len(store.rows(PRICES)) == 30
    assert store.rows(
        "SELECT count(*) AS n FROM (SELECT DISTINCT coin_id, provider_ts FROM raw.crypto_prices)"
    )[0] == {"n": 30}


def test_a_failure_is_told_with_its_stage_and_reason_and_resolved_by_the_next_success(
    fetch: Fetch, store: Store, settings: Settings, provider: Provider
) -> None:
    fetch(0)
    success = store.rows(STATUS)[0]["last_success"]
    provider.faults["markets"] = Fault.SERVER_ERROR
    for minutes in (5, 10):
        with pytest.raises(SourceError, match="500"):
            fetch(minutes)

    status = store.rows(STATUS)[0]
    assert (status["status"], status["stage"], status["last_success"]) == ("FAILED", "extract", success)
    assert "500" in status["reason"]
    assert [row["status"] for row in store.rows(ATTEMPTS)] == ["SUCCESS", "FAILED", "FAILED"]
    (alert,) = store.rows(ALERTS)
    assert (alert["status"], alert["severity"], alert["owner"]) == ("open", "error", "market-data")
    assert "extract" in alert["title"]
    assert "500" in json.loads(alert["evidence"])["explanation"]
    logged = [json.loads(line) for line in (settings.home / "logs" / "error.log").read_text().splitlines()]
    assert [(one["event"], one["stage"], one["level"]) for one in logged] == [
        ("pipeline_failed", "extract", "error")
    ] * 2
    assert all(one["timestamp"] and one["reason"] and one["attempt_id"] for one in logged)

    provider.faults.clear()
    fetch(15)

    assert store.rows(STATUS)[0]["status"] == "SUCCESS"
    assert [row["status"] for row in store.rows(ALERTS)] == ["resolved"]


def test_an_answer_that_is_unusable_fails_at_transform_and_keeps_what_was_bad(
    fetch: Fetch, store: Store, provider: Provider
) -> None:
    provider.faults["markets"] = Fault.BAD_COINS

    with pytest.raises(SourceError, match="No coin"):
        fetch(0, top=3)

    attempt = store.rows(ATTEMPTS)[0]
    assert (attempt["status"], attempt["stage"]) == ("FAILED", "transform")
    assert store.rows("SELECT count(*) AS n FROM raw.quarantine")[0] == {"n": 3}
    assert store.rows(PRICES) == []


def test_bad_coins_are_quarantined_and_the_rest_kept(fetch: Fetch, store: Store, provider: Provider) -> None:
    provider.faults["markets"] = Fault.BAD_COINS

    collected = fetch(0)

    assert (collected.kept, collected.quarantined) == (7, 3)
    rows = store.rows("SELECT line, code, raw_text FROM raw.quarantine ORDER BY line")
    assert [(row["line"], row["code"]) for row in rows] == [
        (1, "current_price__exclusiveMinimum"),
        (2, "wrong_type"),
        (3, "current_price__required"),
    ]
    assert store.rows(STATUS)[0]["status"] == "SUCCESS"
    share = store.rows("SELECT value FROM metrics.metrics WHERE metric = 'quarantined_fraction'")
    assert share == [{"value": 0.3}]


@pytest.mark.parametrize("fault", [Fault.NO_RUPEE, Fault.SERVER_ERROR])
def test_without_a_new_rate_the_last_one_is_used_again_and_the_rows_say_so(
    fault: Fault, fetch: Fetch, store: Store, provider: Provider
) -> None:
    fetch(0)
    provider.faults["exchange_rates"] = fault
    fetch(5)

    rows = store.rows("SELECT * FROM raw.crypto_prices WHERE inr_rate_stale")
    assert len(rows) == 10
    assert {row["inr_rate_ts"] for row in rows} == {START}
    attempt = store.rows(ATTEMPTS)[-1]
    assert attempt["status"] == "SUCCESS"
    assert "used again" in attempt["reason"]

    provider.faults.clear()
    assert fetch(5).stored == 10
    assert store.rows("SELECT * FROM raw.crypto_prices WHERE inr_rate_stale") == []
    assert len(store.rows(PRICES)) == 20


def test_a_rate_that_is_hours_old_is_stale(fetch: Fetch, store: Store, provider: Provider) -> None:
    provider.faults["exchange_rates"] = Fault.OLD

    assert fetch(0).stale_rates == 10
    assert {row["inr_rate_ts"] for row in store.rows(PRICES)} == {START - timedelta(hours=6)}


def test_without_any_rate_ever_the_dollars_are_kept(fetch: Fetch, store: Store, provider: Provider) -> None:
    provider.faults["exchange_rates"] = Fault.NOT_JSON

    assert fetch(0).stored == 10
    assert {row["price_inr"] for row in store.rows(PRICES)} == {None}


def served(market: Market | None = None, faults: CryptoFaults | None = None) -> FastAPI:
    app = FastAPI()
    app.include_router(crypto_router(market, faults))
    return app


def test_passing_faults_in_a_third_of_the_answers_lose_and_double_nothing(
    store: Store, settings: Settings
) -> None:
    faults = CryptoFaults(0.3)
    with serving(served(faults=faults)) as url:
        minutes = [5.0 * step for step in range(60)]
        collected = collect_from(store, settings, f"{url}/api/v3", minutes, attempts=8)

    assert (collected.snapshots, collected.stored, collected.stale_rates) == (60, 600, 0)
    assert store.rows(
        "SELECT count(*) AS n, count(DISTINCT (coin_id, provider_ts)) AS keys FROM raw.crypto_prices"
    ) == [{"n": 600, "keys": 600}]


@dataclass(frozen=True)
class Crash(Market):
    """A market in which one coin loses a fifth of its price at a moment."""

    place: int = 5
    at: datetime = START

    def prices(self, place: int, minutes: np.ndarray) -> np.ndarray:
        usual = super().prices(place, minutes)
        return np.where(minutes >= self.minute(self.at), 0.8, 1.0) * usual if place == self.place else usual


def test_a_crash_of_a_coin_is_an_alert_that_names_it_and_no_other(store: Store, settings: Settings) -> None:
    market = Crash(at=START + timedelta(minutes=300))
    with serving(served(market)) as url:
        calm = collect_from(store, settings, f"{url}/api/v3", range(0, 300, 5))
        fallen = collect_from(store, settings, f"{url}/api/v3", [305])

    assert (calm.opened, fallen.opened) == (0, 1)
    (alert,) = store.rows("SELECT * FROM monitoring.alerts WHERE dataset = 'crypto_prices'")
    found = (alert["column_name"], alert["segment"], alert["metric"], alert["status"])
    assert found == ("price_usd", market.coins[market.place].coin_id, "price_change", "open")
    assert alert["value"] < alert["lower"] < 0


def test_only_the_simulator_is_asked_for_other_moments(store: Store, settings: Settings) -> None:
    real = FastAPI()
    real.get("/coins/markets")(lambda: [])

    with serving(real) as url, pytest.raises(SourceError, match="Only the simulator"):
        collect_from(store, settings, url, [0])
