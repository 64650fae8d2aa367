from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dqm_assets.simulate.market import COINS, OPENED, Market

MARKET = Market()
MINUTES = np.arange(600_000, 604_000)


def test_any_moment_can_be_asked_for_without_the_ones_before_it() -> None:
    whole = MARKET.prices(0, MINUTES)

    assert [MARKET.prices(0, MINUTES[place : place + 1])[0] for place in (0, 1999, 3999)] == pytest.approx(
        [whole[0], whole[1999], whole[3999]], rel=1e-12
    )


def test_another_seed_is_another_market() -> None:
    assert not np.allclose(MARKET.prices(0, MINUTES), replace(MARKET, seed=8).prices(0, MINUTES))


@pytest.mark.parametrize("place", [0, 1, 5])
def test_prices_walk_at_random(place: int) -> None:
    steps = np.diff(np.log(MARKET.prices(place, np.arange(500_000, 560_000))))
    far = np.log(MARKET.prices(place, np.arange(500_000, 560_000, 100)))
    expected = np.hypot(COINS[place].volatility, 0.35 * COINS[place].beta) / np.sqrt(525_600)

    assert steps.std() == pytest.approx(expected, rel=0.03)
    assert np.diff(far).std() == pytest.approx(10 * expected, rel=0.15)  # grows with the root of time
    assert abs(np.corrcoef(steps[1:], steps[:-1])[0, 1]) < 0.02


def test_coins_share_what_moves_the_whole_market() -> None:
    one, other = (np.diff(np.log(MARKET.prices(place, MINUTES))) for place in (0, 1))

    assert 0.4 < np.corrcoef(one, other)[0, 1] < 0.95


def test_a_stable_coin_stays_near_its_price() -> None:
    tether = next(place for place, coin in enumerate(COINS) if coin.stable)

    assert np.abs(MARKET.prices(tether, MINUTES) - 1).max() < 0.003


def test_a_quote_is_consistent_in_itself() -> None:
    at = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    for place in range(len(COINS)):
        quote = MARKET.quote(place, at)
        assert timedelta(0) <= at - quote.at < timedelta(minutes=2)
        assert quote.low_24h <= quote.price <= quote.high_24h
        assert quote.week[-1] == quote.price
        assert quote.change(24) == pytest.approx(100 * (quote.price / quote.week[-25] - 1))
        assert quote.volume_24h > 0
        assert OPENED <= quote.lowest_at <= at
        assert OPENED <= quote.highest_at <= at


def test_every_rate_is_against_one_bitcoin() -> None:
    rates = MARKET.rates(datetime(2026, 5, 4, tzinfo=UTC))

    assert rates["btc"] == 1
    assert 60 < rates["inr"] / rates["usd"] < 120
    assert 0.7 < rates["eur"] / rates["usd"] < 1.3
