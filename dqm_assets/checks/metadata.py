"""What asset and check metadata is made of: markdown tables, links and small plots."""

from collections.abc import Sequence
from urllib.parse import urlencode

import dagster as dg

from dqm_assets.settings import settings


def dashboard_link(path: str, **query: str) -> dg.MetadataValue:
    """Link into the dashboard; see `dashboard_address`."""
    return dg.MetadataValue.url(dashboard_address(path, **query))


def dashboard_address(path: str, **query: str) -> str:
    """Address of a view of the dashboard.

    Args:
        path: Page, such as ``/runs``.
        query: Its query string, which is the deep link.
    """
    address = f"{settings().dashboard_url}{path}"
    return f"{address}?{urlencode(query)}" if query else address


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[object]], *, total: int | None = None
) -> str:
    """A markdown table; pipes and line breaks inside cells are escaped.

    Args:
        header: Column titles.
        rows: Cells, as many as titles.
        total: How many rows there are in all, when more than are listed.
    """
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    if total is not None and total > len(rows):
        lines.append(f"\n… and {total - len(rows)} more.")
    return "\n".join(lines)


def _cell(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
