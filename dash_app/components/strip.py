"""A strip of the newest runs' statuses, one bar each, as an image that costs the page one element."""

from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote

from dash import html

from dash_app.components.number import plural
from dash_app.components.status import RUN_MARKS, mark_of
from dash_app.figures.theme import FAIL, GOOD, NEUTRAL, WARN

BAR_WIDTH = 4
STEP = 6
HEIGHT = 24
COLOURS = {"GOOD": GOOD, "BAD": FAIL, "QUARANTINED": WARN, "BLOCKED": WARN, "LOADED": NEUTRAL}
#: Height and offset tell the status as well as colour does: a good run is short, a bad one full height.
TOPS = {"GOOD": 9, "BAD": 0, "QUARANTINED": 4, "BLOCKED": 4, "LOADED": 14}


def strip_svg(statuses: Sequence[str], places: int) -> str:
    """Draw statuses, oldest first, into the right end of a strip with that many places."""
    shown = list(statuses)[-places:]
    bars = [
        f'<rect x="{(places - len(shown) + place) * STEP}" y="{TOPS.get(status, 14)}" width="{BAR_WIDTH}" '
        f'height="{HEIGHT - TOPS.get(status, 14)}" rx="1.5" fill="{COLOURS.get(status, NEUTRAL)}"/>'
        for place, status in enumerate(shown)
    ]
    ghosts = [
        f'<rect x="{place * STEP}" y="20" width="{BAR_WIDTH}" height="4" rx="1.5" fill="{NEUTRAL}" '
        'opacity=".22"/>'
        for place in range(places - len(shown))
    ]
    width = places * STEP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" '
        f'height="{HEIGHT}">{"".join(ghosts + bars)}</svg>'
    )


def strip(statuses: Sequence[str], places: int = 24, words: tuple[str, str] = ("good", "bad")) -> html.Img:
    """Show the strip; its text counts the statuses, with ``words`` for GOOD and BAD."""
    shown = list(statuses)[-places:]
    named = dict(zip(("GOOD", "BAD"), words, strict=True))
    counted = ", ".join(
        f"{amount} {named.get(status) or mark_of(RUN_MARKS, status).word.lower()}"
        for status, amount in Counter(shown).most_common()
    )
    text = f"Last {plural(len(shown), 'run')}: {counted}" if shown else "No runs yet"
    return html.Img(
        src=f"data:image/svg+xml,{quote(strip_svg(statuses, places))}",
        alt=text,
        title=text,
        className="strip",
    )
