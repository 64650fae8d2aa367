"""Documents: a portfolio as Markdown files, and as one HTML file that needs nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from dqm_assets.quality.scorecard import (
    GOOD_FROM,
    PARTS,
    PENALTIES,
    STALE_INTERVALS,
    WARNING_FROM,
    WEIGHTS,
    Part,
)
from dqm_assets.reports.charts import parts_chart, scores_chart, trend_chart
from dqm_assets.reports.portfolio import Portfolio

#: Each document's name in the folder of reports.
DOCUMENTS = (
    "data_health_scorecard.md",
    "detection_summary.md",
    "contract_validation_report.md",
    "PORTFOLIO_HEALTH_REPORT.md",
    "portfolio_health.html",
)

_SIGNS = {"healthy": "✓", "warning": "▲", "failing": "✕", "unknown": "–"}


@dataclass(frozen=True)
class WrittenReport:
    """A document that was written, and its size in bytes."""

    path: Path
    bytes: int


def write_reports(
    portfolio: Portfolio, folder: Path, *, dashboard: str, weights: Mapping[Part, float] = WEIGHTS
) -> tuple[WrittenReport, ...]:
    """Write every document; each appears whole or not at all, in the place of the one before.

    Args:
        portfolio: What to write about.
        folder: Where to; made when missing.
        dashboard: Address of the dashboard, without a final slash, for links.
        weights: What each part of a score weighs.

    Raises:
        OSError: The folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = _environment(dashboard, weights)
    charts = {
        "scores_chart": scores_chart(portfolio),
        "parts_chart": parts_chart(portfolio),
        "trend_chart": trend_chart(portfolio),
    }
    written = []
    for name in DOCUMENTS:
        text = environment.get_template(f"{name}.j2").render(portfolio=portfolio, **charts)
        fresh = folder / f".{name}.part"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(folder / name)
        written.append(WrittenReport(folder / name, len(text.encode())))
    return tuple(written)


def _environment(dashboard: str, weights: Mapping[Part, float]) -> Environment:
    environment = Environment(
        loader=PackageLoader("dqm_assets.reports"),
        autoescape=select_autoescape(["html.j2", "html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        cell=_cell,
        moment=_moment,
        percent=_percent,
        points=_points,
        change=_change,
        weight="{:g}".format,
        sign=_SIGNS.__getitem__,
    )
    names: dict[str, Any] = {
        "parts": PARTS,
        "weights": weights,
        "penalties": PENALTIES,
        "good_from": GOOD_FROM,
        "warning_from": WARNING_FROM,
        "stale_intervals": STALE_INTERVALS,
        "link": _linker(dashboard),
    }
    environment.globals.update(names)
    return environment


def _linker(dashboard: str) -> Callable[..., str]:
    def link(path: str, **query: str) -> str:
        return f"{dashboard}{path}?{urlencode(query)}"

    return link


def _cell(value: object) -> str:
    """Text for a cell of a Markdown table."""
    return str(value).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value else "–"


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    # 99.96 % must not read as if nothing were wrong.
    return f"{int(share * 1000) / 10:g} %"


def _points(score: float | None) -> str:
    return f"{score:.1f}" if score is not None else "–"


def _change(points: float | None) -> str:
    # Rounded first, so that hardly anything is no "-0.0".
    return f"{round(points, 1) + 0.0:+.1f}" if points is not None else "–"
