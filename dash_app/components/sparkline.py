"""Sparklines and small histograms as images: one element each, whatever the number of points."""

from collections.abc import Sequence
from urllib.parse import quote

from dash import html

from dash_app.components.number import number, plural
from dash_app.figures.theme import FAIL, GOOD, NEUTRAL

WIDTH, HEIGHT = 112, 26
MARGIN = 3
TONES = {"good": GOOD, "warn": "#B7791F", "fail": FAIL, "neutral": NEUTRAL}


def sparkline(
    values: Sequence[float | None],
    about: str,
    *,
    marked: Sequence[bool] = (),
    tone: str = "good",
    low: float | None = None,
    high: float | None = None,
    width: int = WIDTH,
    height: int = HEIGHT,
    area: bool = False,
) -> html.Img | html.Span:
    """Draw values, oldest first, as a line; ``marked`` points get a cross-hair dot, gaps stay gaps.

    Args:
        values: as they came; ``None`` is a gap.
        about: what the line shows, for those who do not see it.
        marked: points out of their range, as many as values or none.
        tone: colour of the line: good, warn, fail or neutral.
        low, high: ends of the scale; the values' own when not given.
        width, height: of the image, in pixels.
        area: whether the ground below the line is tinted.
    """
    known = [value for value in values if value is not None]
    if not known:
        return html.Span("–", className="muted")
    text = (
        f"{about}: {plural(len(known), 'value')}, {number(min(known))} to {number(max(known))}, "
        f"last {number(known[-1])}"
    )
    svg = sparkline_svg(values, marked, TONES[tone], (low, high), (width, height), area=area)
    return html.Img(
        src=f"data:image/svg+xml,{quote(svg)}",
        alt=text,
        title=text,
        className="spark",
        width=str(width),
        height=str(height),
    )


def sparkline_svg(
    values: Sequence[float | None],
    marked: Sequence[bool],
    colour: str,
    scale: tuple[float | None, float | None],
    size: tuple[int, int],
    *,
    area: bool,
) -> str:
    """Give the drawing; a flat series lies in the middle."""
    width, height = size
    known = [value for value in values if value is not None]
    low = min(known) if scale[0] is None else scale[0]
    high = max(known) if scale[1] is None else scale[1]
    step = (width - 2 * MARGIN) / max(len(values) - 1, 1)

    def place(index: int, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low) if high > low else 0.5
        x = MARGIN + index * step if len(values) > 1 else width / 2
        return round(x, 1), round(height - MARGIN - min(max(share, 0), 1) * (height - 2 * MARGIN), 1)

    pieces: list[list[tuple[float, float]]] = [[]]
    dots = []
    for index, value in enumerate(values):
        if value is None:
            pieces.append([])
            continue
        at = place(index, value)
        pieces[-1].append(at)
        if index < len(marked) and marked[index]:
            dots.append(f'<circle cx="{at[0]}" cy="{at[1]}" r="2.6" fill="{FAIL}"/>')
    lines = [
        f'<polyline points="{" ".join(f"{x},{y}" for x, y in piece)}" fill="none" stroke="{colour}" '
        'stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/>'
        for piece in pieces
        if len(piece) > 1
    ]
    fills = [
        f'<polygon points="{piece[0][0]},{height} {" ".join(f"{x},{y}" for x, y in piece)} '
        f'{piece[-1][0]},{height}" fill="{colour}" opacity=".13"/>'
        for piece in pieces
        if area and len(piece) > 1
    ]
    lone = [
        f'<circle cx="{piece[0][0]}" cy="{piece[0][1]}" r="2" fill="{colour}"/>'
        for piece in pieces
        if len(piece) == 1
    ]
    return _svg(width, height, "".join(fills + lines + lone + dots))


def small_histogram(counts: Sequence[float], about: str) -> html.Img | html.Span:
    """Draw counts as bars that fill the height of a table row."""
    if not counts or max(counts) <= 0:
        return html.Span("–", className="muted")
    top, each = max(counts), WIDTH / len(counts)
    heights = [max(amount / top * (HEIGHT - 2), 0.6) for amount in counts]
    bars = "".join(
        f'<rect x="{place * each:.1f}" y="{HEIGHT - high:.1f}" width="{max(each - 0.6, 0.8):.1f}" '
        f'height="{high:.1f}" fill="{GOOD}"/>'
        for place, high in enumerate(heights)
    )
    return html.Img(
        src=f"data:image/svg+xml,{quote(_svg(WIDTH, HEIGHT, bars))}",
        alt=about,
        title=about,
        className="spark",
        width=str(WIDTH),
        height=str(HEIGHT),
    )


def _svg(width: int, height: int, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}">{inside}</svg>'
    )
