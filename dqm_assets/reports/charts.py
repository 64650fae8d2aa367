"""Charts of a portfolio as SVG, to be put into a page as they are."""

import io
from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dqm_assets.quality.scorecard import GOOD_FROM, PARTS, WARNING_FROM
from dqm_assets.reports.portfolio import Portfolio, status_of

#: Colours of the dashboard; each stands beside a sign and a word wherever it is used.
COLOURS = {"healthy": "#3182CE", "warning": "#B7791F", "failing": "#C53060", "unknown": "#718096"}
#: Becomes the ink of the page that the chart is in, light or dark.
_INK = "#2d3748"
#: A chart shows so many datasets, the worst ones.
_SHOWN = 30


def scores_chart(portfolio: Portfolio) -> str:
    """Bars: the score of each dataset, worst first."""
    shown = portfolio.datasets[:_SHOWN]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        places = range(len(shown))
        axes.barh(
            places,
            [dataset.score for dataset in shown],
            color=[COLOURS[dataset.status] for dataset in shown],
            height=0.62,
        )
        for place, dataset in zip(places, shown, strict=True):
            axes.text(dataset.score + 1, place, f"{dataset.score:.0f}", va="center", fontsize=8, color=_INK)
        axes.set_yticks(places, [dataset.name for dataset in shown], fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, 105)
        for level in (WARNING_FROM, GOOD_FROM):
            axes.axvline(level, color=_INK, linewidth=0.6, linestyle=(0, (3, 3)))
        _plain(axes)

    return _svg(draw, height=0.8 + 0.28 * max(len(shown), 2))


def parts_chart(portfolio: Portfolio) -> str:
    """A grid: each part of each dataset's score, in percent; what is not known is empty."""
    shown = portfolio.datasets[:_SHOWN]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for row, dataset in enumerate(shown):
            for column, part in enumerate(PARTS):
                share = dataset.parts.get(part)
                if share is None:
                    continue
                colour = COLOURS[status_of(100 * share)]
                axes.barh(row, 0.94 * share, left=column, height=0.62, color=colour, alpha=0.85)
        axes.set_xticks([place + 0.47 for place in range(len(PARTS))], PARTS, fontsize=8)
        axes.xaxis.tick_top()
        axes.set_yticks(range(len(shown)), [dataset.name for dataset in shown], fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, len(PARTS))
        _plain(axes)

    return _svg(draw, height=0.8 + 0.28 * max(len(shown), 2))


def trend_chart(portfolio: Portfolio) -> str:
    """A line: the mean score of all datasets day by day."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        days, scores = zip(*portfolio.trend, strict=True) if portfolio.trend else ((), ())
        axes.plot(days, scores, color=COLOURS["healthy"], linewidth=1.8, marker="o", markersize=3)
        for level in (WARNING_FROM, GOOD_FROM):
            axes.axhline(level, color=_INK, linewidth=0.6, linestyle=(0, (3, 3)))
        axes.set_ylim(0, 102)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.tick_params(labelsize=8)
        figure.autofmt_xdate(rotation=0, ha="center")
        _plain(axes)

    return _svg(draw, height=2.2)


def _plain(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_INK)
    axes.tick_params(length=0, colors=_INK)


def _svg(draw: Callable[[Figure], None], height: float) -> str:
    figure = Figure(figsize=(8.2, height), layout="constrained")
    draw(figure)
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    return text[text.index("<svg") :].replace(_INK, "currentColor")
