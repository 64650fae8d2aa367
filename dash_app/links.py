"""Addresses of pages, with their parts quoted."""

from urllib.parse import quote, urlencode


def dataset_link(dataset: str) -> str:
    """Address of a dataset's runs."""
    return f"/runs?{urlencode({'dataset': dataset})}"


def run_link(dataset: str, run_id: str) -> str:
    """Address of a run on its dataset's page."""
    return f"/runs?{urlencode({'dataset': dataset, 'run': run_id})}"


def alert_link(alert_id: str) -> str:
    """Address of an alert."""
    return f"/alerts?{urlencode({'status': 'all', 'alert': alert_id})}"


def alerts_link(dataset: str) -> str:
    """Address of a dataset's open alerts."""
    return f"/alerts?{urlencode({'dataset': dataset})}"


def overview_link(page: int, search: str) -> str:
    """Address of a page of the overview, counted from one."""
    return f"/dashboard?{urlencode({'page': page} | ({'q': search} if search else {}))}"


def dagster_run_link(dagster_url: str, dagster_run_id: str) -> str:
    """Address of a run in Dagster's own web server."""
    return f"{dagster_url}/runs/{quote(dagster_run_id)}"
