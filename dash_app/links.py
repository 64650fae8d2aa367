"""Addresses of pages, with their parts quoted."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode


def _with(path: str, **query: str | int | None) -> str:
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def dataset_link(dataset: str, tab: str = "", column: str = "") -> str:
    """Address of a dataset, or of one of its tabs or columns."""
    return _with("/datasets", dataset=dataset, tab=tab, column=column)


def datasets_link(page: int = 1, search: str = "", show: str = "") -> str:
    """Address of a page of the list of datasets, counted from one."""
    return _with("/datasets", page=page if page > 1 else None, q=search, show=show)


def runs_link(dataset: str, column: str = "") -> str:
    """Address of a dataset's runs."""
    return _with("/runs", dataset=dataset, column=column)


def run_link(dataset: str, run_id: str) -> str:
    """Address of a run on its dataset's page."""
    return _with("/runs", dataset=dataset, run=run_id)


def alert_link(alert_id: str) -> str:
    """Address of an alert."""
    return _with("/alerts", status="all", alert=alert_id)


def alerts_link(dataset: str = "") -> str:
    """Address of a dataset's open alerts, or of all."""
    return _with("/alerts", dataset=dataset)


def contract_link(dataset: str, clause: str = "", batch: str = "") -> str:
    """Address of a dataset's contract, or of what one of its clauses found in a batch."""
    return _with("/contracts", dataset=dataset, clause=clause, batch=batch)


def backtest_link(dataset: str, metric: str, column: str = "", segment: str = "") -> str:
    """Address of the replay of a series."""
    return _with("/backtest", dataset=dataset, column=column, segment=segment, metric=metric)


def dagster_run_link(dagster_url: str, dagster_run_id: str) -> str:
    """Address of a run in Dagster's own web server."""
    return f"{dagster_url}/runs/{quote(dagster_run_id)}"


def dagster_asset_link(dagster_url: str, key: Sequence[str]) -> str:
    """Address of an asset in Dagster's own web server."""
    return f"{dagster_url}/assets/{'/'.join(quote(part, safe='') for part in key)}"


def dagster_group_link(dagster_url: str, group: str) -> str:
    """Address of the lineage of an asset group in Dagster's own web server."""
    return f"{dagster_url}/locations/dqm/asset-groups/{quote(group, safe='')}/lineage"


def dagster_check_link(dagster_url: str, key: Sequence[str], check: str) -> str:
    """Address of an asset check in Dagster's own web server."""
    return f"{dagster_asset_link(dagster_url, key)}?{urlencode({'view': 'checks', 'checkDetail': check})}"
