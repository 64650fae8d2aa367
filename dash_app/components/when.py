"""Times: written in UTC here, shown in the browser's own zone, UTC kept in the tooltip."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from dash import html

from dash_app.components.number import MISSING

Style = Literal["full", "ago"]


def utc_text(moment: datetime) -> str:
    """Write an aware UTC time to the second, with the zone's name."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def when(moment: datetime | None, style: Style = "full") -> html.Time | html.Span:
    """Show a time; ``ago`` counts from now and is kept fresh by the browser (assets/local_time.js)."""
    if moment is None:
        return html.Span(MISSING, className="muted")
    return html.Time(
        utc_text(moment),
        dateTime=moment.isoformat(),
        title=utc_text(moment),
        className=f"when when-{style}",
    )


def local_iso(moment: datetime, zone: ZoneInfo) -> str:
    """Write a time as a chart needs it: the wall clock of ``zone``, which plotly draws as it stands."""
    return moment.astimezone(zone).replace(tzinfo=None).isoformat()
