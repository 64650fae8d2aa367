"""Prometheus: what the store says as gauges, and how this process serves, at ``/metrics``."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dash_app.services.alerts import open_alert_counts
from dash_app.services.datasets import dataset_summaries
from dash_app.services.health import pipeline_statuses
from dash_app.services.reads import Reads
from dash_app.services.records import DatasetSummary, PipelineStatus
from dqm_assets.errors import StoreError


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a scrape tells; ``version`` is ``None`` when the store did not answer."""

    version: int | None
    datasets: tuple[DatasetSummary, ...] = ()
    alerts: tuple[tuple[str, str, int], ...] = ()
    pipelines: tuple[PipelineStatus, ...] = ()


class _StoreCollector:
    """Shows one look at the store as gauges."""

    def __init__(self, seen: _Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        """Give the gauges; those of an unreachable store are left out rather than shown old."""
        seen = self._seen
        yield _gauge("dqm_store_up", "1 if the store answers.", (), [((), float(seen.version is not None))])
        if seen.version is None:
            return
        yield _gauge("dqm_store_version", "The store's version.", (), [((), float(seen.version))])
        yield _gauge(
            "dqm_runs",
            "Runs in the registry.",
            ("dataset", "status"),
            [
                ((each.dataset, status), float(amount))
                for each in seen.datasets
                for status, amount in (
                    ("GOOD", each.good),
                    ("BAD", each.bad),
                    ("QUARANTINED", each.quarantined),
                    ("LOADED", each.runs - each.good - each.bad - each.quarantined),
                )
            ],
        )
        yield _gauge(
            "dqm_rows_loaded",
            "Rows loaded, all runs.",
            ("dataset",),
            [((each.dataset,), float(each.rows_loaded)) for each in seen.datasets],
        )
        yield _gauge(
            "dqm_rows_quarantined",
            "Rows kept out, all runs.",
            ("dataset",),
            [((each.dataset,), float(each.rows_quarantined)) for each in seen.datasets],
        )
        yield _gauge(
            "dqm_last_arrival_timestamp_seconds",
            "When the newest file landed.",
            ("dataset",),
            [((each.dataset,), each.last_arrival.timestamp()) for each in seen.datasets if each.last_arrival],
        )
        yield _gauge(
            "dqm_last_run_good",
            "1 if the newest run is GOOD, 0 if it is not; absent until it is judged.",
            ("dataset",),
            [
                ((each.dataset,), float(each.last_status == "GOOD"))
                for each in seen.datasets
                if each.last_status not in (None, "LOADED")
            ],
        )
        yield _gauge(
            "dqm_open_alerts",
            "Alerts that are open or acknowledged.",
            ("dataset", "severity"),
            [((dataset, severity), float(amount)) for dataset, severity, amount in seen.alerts],
        )
        yield _gauge(
            "dqm_pipeline_up",
            "1 if the pipeline's last attempt succeeded.",
            ("pipeline",),
            [((each.pipeline,), float(each.status == "SUCCESS")) for each in seen.pipelines],
        )


class RequestTimes:
    """Measures every answered request by route, method and status; the socket feed is left out."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count into ``registry``."""
        self._seconds = Histogram(
            "dqm_http_request_seconds",
            "Time to answer a request.",
            ("route", "method", "status"),
            registry=registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
        )

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Give ``app`` with its requests measured."""

        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status = "500"

            async def noting(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = str(message["status"])
                await send(message)

            started = time.perf_counter()
            try:
                await app(scope, receive, noting)
            finally:
                route = getattr(scope.get("route"), "path", "other")  # the pattern: a path would never repeat
                self._seconds.labels(route, scope["method"], status).observe(time.perf_counter() - started)

        return measured


def make_registry() -> CollectorRegistry:
    """Make a registry with what the process itself can tell (memory, CPU, open files, garbage)."""
    registry = CollectorRegistry(auto_describe=True)
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def prometheus_router(reads: Reads, registry: CollectorRegistry) -> APIRouter:
    """Make the route over ``reads`` and the process's own ``registry``."""
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        looked = CollectorRegistry()
        looked.register(_StoreCollector(await _look(reads)))
        text = await asyncio.to_thread(lambda: generate_latest(looked) + generate_latest(registry))
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})

    return router


async def _look(reads: Reads) -> _Seen:
    try:
        version = await reads.hub.current()
        counts = await reads(open_alert_counts)
        return _Seen(
            version=version,
            datasets=await reads(dataset_summaries),
            alerts=tuple((dataset, severity, amount) for (dataset, severity), amount in counts.items()),
            pipelines=await reads(pipeline_statuses),
        )
    except StoreError:
        return _Seen(version=None)


def _gauge(
    name: str, about: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family
