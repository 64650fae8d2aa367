"""Which scripts a browser gets, and when: only those that the page it opens needs, and early.

Half of what Dash would send is of no use to most pages: the tables' library (a third of all bytes), plotly's
maps and 3D charts, a polyfill for browsers of ten years ago. The hints let the browser ask for layout and
charts beside the scripts instead of after them.
"""

import asyncio
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Literal

import dash_ag_grid
from dash.fingerprint import build_fingerprint
from fastapi import FastAPI, Response

Need = Literal["charts", "tables"]

STATIC = Path(__file__).parent / "static"
PLOTLY = STATIC / "plotly" / "plotly-cartesian.min.js"
REGENERATOR = STATIC / "regenerator" / "runtime.min.js"

SUITES = "/_dash-component-suites"
PLOTLY_URL = f"{SUITES}/plotly/package_data/plotly.min.js"
GRAPH_URL = f"{SUITES}/dash/dcc/async-graph.js"
GRID_FILE = "dash_ag_grid.min.js"
GRID_CHUNK_URL = f"{SUITES}/dash_ag_grid/async-community.js"
#: What Dash asks for first, whatever the page.
FIRST_ASKED = ("/_dash-layout", "/_dash-dependencies")


def leave_grid_for_later() -> None:
    """Take the tables' library out of the scripts of every page; assets/lazy_grid.js fetches it."""
    for script in vars(dash_ag_grid)["_js_dist"]:
        if script["relative_package_path"] == GRID_FILE:
            script["dynamic"] = True


def grid_url() -> str:
    """Address of the tables' library, with a fingerprint, so that it is cached for good."""
    file = Path(dash_ag_grid.__file__).parent / GRID_FILE
    name = build_fingerprint(GRID_FILE, dash_ag_grid.__version__, int(file.stat().st_mtime))
    return f"{SUITES}/dash_ag_grid/{name}"


def early_layout() -> str:
    """Write the lines that let a browser ask for layout beside the scripts.

    Only for one that has been here: another tells its time zone and colours by the first of the scripts.
    """
    return "".join(
        f'<link rel="preload" as="fetch" crossorigin="anonymous" href="{url}">' for url in FIRST_ASKED
    )


def hints(needs: Sequence[Need]) -> str:
    """Write the lines of a page's head that let the browser fetch early what the page will need."""
    grid = grid_url()
    wanted: list[str] = []
    if "charts" in needs:
        wanted += [PLOTLY_URL, GRAPH_URL]
    elif "tables" in needs:  # beside charts the tables wait for them: two thirds of a second on a slow line
        wanted += [grid, GRID_CHUNK_URL]
    lines = [f'<link rel="preload" as="script" href="{escape(url)}">' for url in wanted]
    lines.append(f'<meta name="dqm-grid" content="{escape(grid)}">')
    return "".join(lines)


def serve_own_scripts(server: FastAPI) -> None:
    """Answer Dash's requests for plotly.js and its polyfill with the parts of them that are needed.

    Of plotly the bundle that holds only the charts we draw (a third); of the polyfill the one function that
    Dash's own scripts call and browsers do not bring.
    """

    async def script(file: Path) -> Response:
        return Response(await asyncio.to_thread(file.read_bytes), media_type="text/javascript")

    @server.get(f"{SUITES}/plotly/package_data/{{name}}", include_in_schema=False)
    async def plotly(name: str) -> Response:
        if not name.startswith("plotly.") or not name.endswith(".js"):
            return Response(status_code=404)
        return await script(PLOTLY)

    @server.get(f"{SUITES}/dash/deps/polyfill@{{name}}", include_in_schema=False)
    async def polyfill(name: str) -> Response:
        return await script(REGENERATOR) if name.endswith(".js") else Response(status_code=404)
