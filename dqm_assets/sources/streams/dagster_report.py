"""Telling Dagster what the service did: materialisations and check results, over its web server."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import structlog

from dqm_assets.errors import DqmError
from dqm_assets.sources.streams.checks import CHECKS, StreamFinding
from dqm_assets.sources.streams.consumer import StreamTotals
from dqm_assets.sources.streams.window_judge import DATASET
from dqm_assets.store import Store

_log = structlog.get_logger(__name__)
#: Seconds between two reports, and for one answer.
EVERY, _TIMEOUT = 30.0, 10.0


class DagsterReporter:
    """Reports every so often, never per batch; a web server that is away loses reports and nothing else.

    Args:
        store: The open store.
        url: Address of Dagster's web server.
    """

    def __init__(self, store: Store, url: str) -> None:
        self._store, self._url = store, url
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT)
        self._silent = False

    def run(self, stopping: threading.Event, totals: Callable[[], StreamTotals]) -> None:
        """Report until told to stop.

        Args:
            stopping: Set when the service ends.
            totals: Called for what the service did so far.
        """
        before = 0
        while not stopping.wait(EVERY):
            records = totals().records
            self.report(records - before)
            before = records
        self._client.close()

    def report(self, records: int) -> bool:
        """Report once.

        Args:
            records: Records since the last report; without any there is no materialisation.

        Returns:
            Whether Dagster took it.
        """
        try:
            findings = [check(self._store) for check in CHECKS.values()]
            if records:
                self._post(f"report_asset_materialization/{DATASET}", {"metadata": {"records": records}})
            for finding in findings:
                self._post("report_asset_check/" + DATASET, _evaluation(finding))
        except (DqmError, httpx.HTTPError) as error:
            if not self._silent:
                _log.info("dagster_not_told", url=self._url, error=str(error))
            self._silent = True
            return False
        self._silent = False
        return True

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        self._client.post(f"/{path}", json=body).raise_for_status()


def _evaluation(finding: StreamFinding) -> dict[str, Any]:
    return {
        "check_name": finding.check,
        "passed": finding.passed,
        "severity": "WARN",
        "metadata": {"description": finding.description, **finding.metadata},
    }
