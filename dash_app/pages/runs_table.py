"""The table of a dataset's newest runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component

from dash_app.components.card import card
from dash_app.components.grid import grid, number_column, run_id_column, status_column, time_column
from dash_app.services.records import Run, SeriesPoint

ROWS_SHOWN = 15
COLUMNS = [
    run_id_column("id", minWidth=150, width=184),
    status_column("status", minWidth=88, width=92),
    time_column("ts", "Data time", minWidth=144, width=148),
    number_column("rows", "Rows", minWidth=56, width=58),
    number_column("mean", "Mean", minWidth=60, width=64),
    number_column("stddev", "Std dev", minWidth=64, width=66),
    number_column("outlier_count", "Outliers", minWidth=66, width=68),
]

Series = Mapping[str, Sequence[SeriesPoint]]


def run_rows(runs: Sequence[Run], series: Series) -> list[dict[str, Any]]:
    """Give the rows of the table: each run with its values of the series' metrics."""
    values = {metric: {point.run_id: point.value for point in points} for metric, points in series.items()}
    return [
        {
            "id": run.run_id,
            "status": run.status,
            "ts": at.isoformat() if (at := run.ts or run.landed_at) else None,
            "rows": run.rows_loaded,
            **{metric: points.get(run.run_id) for metric, points in values.items()},
        }
        for run in runs
    ]


def run_table(runs: Sequence[Run], series: Series, chosen: str | None) -> Component:
    """Show the runs in a table, one of them chosen."""
    rows = run_rows(runs, series)
    return card("Runs", grid("runs-grid", COLUMNS, rows, most=ROWS_SHOWN, selected=chosen))
