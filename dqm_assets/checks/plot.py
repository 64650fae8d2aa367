"""Small plots for check metadata: Dagster shows them in the browser, no file is written."""

import base64
import io
from collections.abc import Sequence
from datetime import datetime

import dagster as dg
import numpy as np

_OK, _BAD, _BAND = "#3182CE", "#C53060", "#3182CE"
_INCHES = (7.0, 2.4)
_DPI = 90


def band_plot(
    times: Sequence[datetime],
    values: Sequence[float],
    *,
    lower: Sequence[float],
    upper: Sequence[float],
    bad: Sequence[bool],
    title: str,
) -> dg.MetadataValue:
    """Plot a series with its expected band; bad points are crosses.

    Args:
        times: Times of the points, ascending.
        values: Observed values.
        lower: Lower bounds; NaN where there is none yet.
        upper: Upper bounds; NaN where there is none yet.
        bad: Whether each point is out of its band.
        title: What is plotted.

    Returns:
        Markdown with the picture inside.
    """
    # Imported here: the run worker needs it only when a check reports, and it costs half a second.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    x, y, marks = np.asarray(times), np.asarray(values, dtype=float), np.asarray(bad, dtype=bool)
    axes.fill_between(
        x, _bounds(lower), _bounds(upper), color=_BAND, alpha=0.15, linewidth=0, label="expected"
    )
    axes.plot(x, y, color=_OK, linewidth=1.2, marker="o", markersize=2.5, label="observed")
    if marks.any():
        axes.plot(x[marks], y[marks], linestyle="", marker="x", markersize=8, color=_BAD, label="out of band")
    axes.set_title(title, loc="left", fontsize=10)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False, ncols=3, loc="best")
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    encoded = base64.b64encode(picture.getvalue()).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{encoded})")


def _bounds(values: Sequence[float]) -> np.ndarray:
    bounds = np.asarray(values, dtype=float)
    return np.where(np.isfinite(bounds), bounds, np.nan)
