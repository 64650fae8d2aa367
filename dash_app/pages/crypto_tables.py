"""The parts of the crypto page: status, the table of prices, the attempts."""

from decimal import Decimal

from dash import html
from dash.development.base_component import Component

from dash_app.components.card import card, empty, tile, tiles
from dash_app.components.number import MISSING, number, plural
from dash_app.components.sparkline import sparkline
from dash_app.components.status import PIPELINE_MARKS, Mark, badge, mark_of
from dash_app.components.table import Heading, table
from dash_app.components.when import when
from dash_app.services.crypto import Attempt, CoinPrice, Market

SIMULATED = Mark("▲", "Simulated", "warn")
STALE = Mark("▲", "Stale rate", "warn")
_WHOLE_CENTS = 1

PRICE_HEADINGS = (
    Heading("Coin"),
    Heading("USD", numeric=True),
    Heading("INR", numeric=True),
    Heading("24 hours", numeric=True),
    Heading("Last day"),
    Heading("Volume (USD)", numeric=True),
    Heading("Market cap (USD)", numeric=True),
    Heading("Provider's time", numeric=True),
    Heading("Data"),
)
ATTEMPT_HEADINGS = (
    Heading("Started"),
    Heading("Status"),
    Heading("Stage"),
    Heading("What happened"),
    Heading("New rows", numeric=True),
    Heading("Kept out", numeric=True),
)


def simulated_note() -> Component:
    """Say that the prices are made up."""
    return html.Section(
        [badge(SIMULATED), html.Span(" These prices come from the simulator; nobody paid them.")],
        className="card",
    )


def status_tiles(market: Market) -> list[Component]:
    """Show how the last attempt ended, the last success, the age of the data, the rate, what was kept out."""
    status, prices = market.status, market.prices
    rated = next((price for price in prices if price.inr_rate is not None), None)
    stale = sum(price.inr_rate_stale for price in prices)
    banner = tile(
        "Last attempt",
        badge(mark_of(PIPELINE_MARKS, status.status if status else None)),
        html.Span(["at ", status.stage, " ", when(status.last_attempt, "ago")]) if status else "never tried",
    )
    shown = [
        banner,
        tile("Last success", when(status.last_success if status else None, "ago"), "prices were stored"),
        tile(
            "Newest price",
            when(market.newest, "ago"),
            plural(len(prices), "coin") if prices else "nothing yet",
        ),
        tile(
            "Rupees per dollar",
            number(float(rated.inr_rate), 5) if rated and rated.inr_rate is not None else MISSING,
            _rate_note(rated, stale),
        ),
        tile(
            "Kept out", f"{market.quarantined:,}", market.quarantined_reason or "every coin kept its contract"
        ),
    ]
    failed = status is not None and status.status == "FAILED"
    return [*([_failure(market)] if failed else []), tiles(shown)]


def prices_card(market: Market) -> Component:
    """List the newest price of each coin."""
    return card(
        "Prices", table("Newest prices", PRICE_HEADINGS, [_price_row(each) for each in market.prices])
    )


def attempts_card(market: Market) -> Component:
    """List the newest attempts, whichever way they ended."""
    if not market.attempts:
        return card("Attempts", empty("Prices were never fetched"))
    rows = [_attempt_row(attempt) for attempt in market.attempts]
    return card("Attempts", table("Newest attempts", ATTEMPT_HEADINGS, rows))


def _failure(market: Market) -> Component:
    status = market.status
    assert status is not None  # noqa: S101 - for the type checker; the caller asked
    return html.Section(
        [
            badge(mark_of(PIPELINE_MARKS, status.status)),
            html.Strong(f" Fetching prices fails at {status.stage}. "),
            html.Span(status.reason, className="raw"),
        ],
        className="card",
        role="alert",
    )


def _rate_note(rated: CoinPrice | None, stale: int) -> Component | str:
    if rated is None:
        return "no rate yet"
    if stale:
        return html.Span(["stale, of ", when(rated.inr_rate_ts, "ago")], className="mark mark-warn")
    return html.Span(["the provider's rate of ", when(rated.inr_rate_ts, "ago")])


def _price_row(price: CoinPrice) -> list[Component | str]:
    marks = [badge(mark) for mark, on in ((SIMULATED, price.simulated), (STALE, price.inr_rate_stale)) if on]
    return [
        html.Div([html.Span(price.name), html.Span(price.symbol, className="muted")], className="name-cell"),
        money(price.price_usd),
        money(price.price_inr),
        _change(price.change_24h_percent),
        sparkline(price.recent, f"Price of {price.name} over the last day", tone="neutral"),
        _large(price.total_volume),
        _large(price.market_cap),
        when(price.provider_ts, "ago"),
        html.Div(marks) if marks else "Live",
    ]


def money(amount: Decimal | None) -> str:
    """Write a price: to the cent from one unit on, to six digits below."""
    if amount is None:
        return MISSING
    return f"{amount:,.2f}" if amount >= _WHOLE_CENTS else f"{amount:.6g}"


def _large(amount: Decimal | None) -> str:
    if amount is None:
        return MISSING
    for unit, size in (("T", 10**12), ("bn", 10**9), ("m", 10**6)):
        if amount >= size:
            return f"{amount / size:,.2f} {unit}"
    return f"{amount:,.0f}"


def _change(percent: float | None) -> Component | str:
    if percent is None:
        return MISSING
    sign = "▲" if percent > 0 else "▼" if percent < 0 else "–"
    return html.Span(
        [html.Span(f"{sign} ", **{"aria-hidden": "true"}), f"{percent:+.2f} %".replace("-", "−")]
    )


def _attempt_row(attempt: Attempt) -> list[Component | str]:
    return [
        when(attempt.started_at),
        html.Span(
            [
                badge(mark_of(PIPELINE_MARKS, attempt.status)),
                *([" ", badge(SIMULATED)] if attempt.simulated else []),
            ]
        ),
        attempt.stage,
        html.Span(attempt.reason or "as it should be", className="muted" if not attempt.reason else ""),
        f"{attempt.stored:,}",
        f"{attempt.quarantined:,}",
    ]
