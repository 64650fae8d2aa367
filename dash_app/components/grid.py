"""Long tables: ag-grid with the app's look; rows have ids, so that updates keep scroll and selection."""

from typing import Any

import dash_ag_grid as dag

ROW_HEIGHT = 40
HEADER_HEIGHT = 38
#: Room for a horizontal scroll bar, and the fewest rows that the grid's own overlay needs.
SCROLL_BAR = 18
FEWEST_ROWS = 3
#: Width of a column that names none, beside those that do.
USUAL_WIDTH = 200

GRID_OPTIONS: dict[str, Any] = {
    "rowSelection": {
        "mode": "singleRow",
        "checkboxes": False,
        "enableClickSelection": True,
    },
    "animateRows": False,
    "headerHeight": HEADER_HEIGHT,
    "tooltipShowDelay": 300,
    "suppressCellFocus": False,
    "theme": {"function": "dqmTheme(agGrid)"},
}


def column(field: str, name: str, **options: Any) -> dict[str, Any]:
    """Describe a column of text."""
    return {"field": field, "headerName": name, **options}


def number_column(field: str, name: str, **options: Any) -> dict[str, Any]:
    """Describe a column of numbers, written as the rest of the page writes them."""
    return {
        "field": field,
        "headerName": name,
        "type": "rightAligned",
        "valueFormatter": {"function": "dqmNumber(params.value)"},
        **options,
    }


def time_column(field: str, name: str, **options: Any) -> dict[str, Any]:
    """Describe a column of UTC ISO times, shown in the browser's zone, UTC in the tooltip."""
    return {
        "field": field,
        "headerName": name,
        "valueFormatter": {"function": "dqmTime(params.value)"},
        "tooltipValueGetter": {"function": "dqmUtc(params.value)"},
        **options,
    }


def run_id_column(field: str, name: str = "Run", **options: Any) -> dict[str, Any]:
    """Describe a column of run ids: shortened, whole in the tooltip."""
    return {
        "field": field,
        "headerName": name,
        "valueFormatter": {"function": "dqmShortId(params.value)"},
        "tooltipField": field,
        "cellClass": "run-id",
        **options,
    }


def status_column(field: str, name: str = "Status", **options: Any) -> dict[str, Any]:
    """Describe a column of statuses: sign, word and colour."""
    return {
        "field": field,
        "headerName": name,
        "valueFormatter": {"function": "dqmStatus(params.value)"},
        "cellClass": {"function": "dqmStatusClass(params.value)"},
        **options,
    }


def grid_style(rows: int, most: int, row_height: int = ROW_HEIGHT) -> dict[str, int]:
    """Give the style of a grid with that many rows, of which at most ``most`` show at a time."""
    return {"height": HEADER_HEIGHT + row_height * min(max(rows, FEWEST_ROWS), most) + SCROLL_BAR}


def grid(
    id_: str,
    columns: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    *,
    most: int,
    selected: str | None = None,
    row_height: int = ROW_HEIGHT,
) -> dag.AgGrid:
    """Show rows, each with a unique ``id``; ``selected`` is the id of the row chosen at first.

    The grid is as high as its rows, and scrolls where there are more than ``most``.
    """
    return dag.AgGrid(
        id=id_,
        rowData=rows,
        # Widths are shares. (Fitted by a call, a grid that is hidden while it is empty has no width to fit.)
        columnDefs=[{"flex": each.get("width", USUAL_WIDTH), **each} for each in columns],
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True, "minWidth": 70},
        getRowId="params.data.id",
        selectedRows={"ids": [selected]} if selected else [],
        dashGridOptions={**GRID_OPTIONS, "rowHeight": row_height},
        style=grid_style(len(rows), most, row_height),
        className="dqm-grid",
    )
