"""Lineage: the assets behind a dataset, as Dagster's own web server tells them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from dqm_assets.settings import Settings

#: Seconds for which an answer is good; the graph changes only when code does, its times with every run.
FRESH_SECONDS = 10.0
TIMEOUT = 6.0

GRAPH = """
query Lineage {
  assetNodes {
    assetKey { path } groupName description isObservable
    dependencyKeys { path }
    assetMaterializations(limit: 1) { timestamp runId }
    assetChecksOrError { ... on AssetChecks { checks { name } } }
  }
}
"""

QUEUE = """
query Queue {
  queued: runsOrError(filter: {statuses: [QUEUED, NOT_STARTED]}, limit: 200) {
    ... on Runs { results { id } }
  }
  running: runsOrError(filter: {statuses: [STARTING, STARTED]}, limit: 200) {
    ... on Runs { results { id } }
  }
  failed: runsOrError(filter: {statuses: [FAILURE]}, limit: 10) {
    ... on Runs { results { id jobName endTime } }
  }
  version
}
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset of the code location."""

    key: tuple[str, ...]
    group: str
    description: str
    upstream: tuple[tuple[str, ...], ...]
    materialized: datetime | None
    run_id: str
    checks: int

    @property
    def name(self) -> str:
        """Key as Dagster writes it."""
        return "/".join(self.key)


@dataclass(frozen=True, slots=True)
class Lineage:
    """The assets of a dataset in layers, upstream first; empty with a reason when Dagster does not answer."""

    layers: tuple[tuple[Asset, ...], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A Dagster run that failed."""

    run_id: str
    job: str
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Queue:
    """What Dagster has to do; ``reachable`` is false when it does not answer, the counts are 0 then."""

    reachable: bool
    queued: int = 0
    running: int = 0
    version: str = ""
    failed: tuple[FailedRun, ...] = ()


@dataclass
class DagsterGraph:
    """Asks Dagster, and remembers the answer for some seconds."""

    settings: Settings
    _nodes: tuple[Asset, ...] = ()
    _asked_at: float = field(default=-1e9)

    async def lineage_of(self, groups: Sequence[str]) -> Lineage:
        """Give the assets of these groups with all that is up and downstream of them, in layers."""
        try:
            nodes = await self._all()
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            return Lineage(problem=str(error) or type(error).__name__)
        return Lineage(layers_of(nodes, groups))

    async def queue(self) -> Queue:
        """Count Dagster's runs that wait and that go, and name the last that failed."""
        try:
            found = await self._ask(QUEUE)
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return Queue(reachable=False)
        return Queue(
            reachable=True,
            queued=len(found["queued"].get("results", ())),
            running=len(found["running"].get("results", ())),
            version=found.get("version") or "",
            failed=tuple(
                FailedRun(run["id"], run["jobName"], _moment(run["endTime"]))
                for run in found["failed"].get("results", ())
            ),
        )

    async def _all(self) -> tuple[Asset, ...]:
        if time.monotonic() - self._asked_at > FRESH_SECONDS:
            found = await self._ask(GRAPH)
            self._nodes = tuple(_asset(node) for node in found["assetNodes"])
            self._asked_at = time.monotonic()
        return self._nodes

    async def _ask(self, query: str) -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            answer = await client.post(f"{self.settings.dagster_url}/graphql", json={"query": query})
        return answer.raise_for_status().json()["data"]


def _asset(node: Mapping[str, Any]) -> Asset:
    newest = next(iter(node["assetMaterializations"]), None)
    return Asset(
        key=tuple(node["assetKey"]["path"]),
        group=node["groupName"] or "",
        description=node["description"] or "",
        upstream=tuple(tuple(key["path"]) for key in node["dependencyKeys"]),
        materialized=_moment(float(newest["timestamp"]) / 1000) if newest else None,
        run_id=newest["runId"] if newest else "",
        checks=len(node["assetChecksOrError"].get("checks", ())),
    )


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def layers_of(nodes: Sequence[Asset], groups: Sequence[str]) -> tuple[tuple[Asset, ...], ...]:
    """Give the assets of some groups and what is up and downstream of them, each below what it is from."""
    by_key = {node.key: node for node in nodes}
    wanted = _connected(nodes, {node.key for node in nodes if node.group in groups})
    depth: dict[tuple[str, ...], int] = {}

    def depth_of(key: tuple[str, ...]) -> int:
        if key not in depth:
            above = [depth_of(up) for up in by_key[key].upstream if up in wanted]
            depth[key] = 1 + max(above, default=-1)
        return depth[key]

    layers: list[list[Asset]] = [[] for _ in range(1 + max(map(depth_of, wanted), default=-1))]
    for key in sorted(wanted):
        layers[depth[key]].append(by_key[key])
    return tuple(map(tuple, layers))


def _connected(nodes: Sequence[Asset], own: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """What the assets are made from, and what is made from them; never a neighbour's other sources."""
    by_key = {node.key: node for node in nodes}
    up, down = set(own), set(own)
    while (
        more := {key for name in up if name in by_key for key in by_key[name].upstream if key in by_key} - up
    ):
        up |= more
    while more := {node.key for node in nodes if down & set(node.upstream)} - down:
        down |= more
    return up | down
