"""Lineage as Dagster knows it: its asset graph in the words of datasets and pipelines."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.remote_origin import CodeLocationOrigin

from dqm_assets.quality.lineage import Lineage

if TYPE_CHECKING:
    from dqm_assets.store import Store

#: Metadata of an asset, or of a check of it, that says which dataset it is part of.
DATASET_KEY = "dqm/dataset"
#: Metadata of an asset that says by which pipeline it is made, where failures are told under another name.
PIPELINE_KEY = "dqm/pipeline"
#: Metadata of what dqm itself makes of all datasets: it follows them, but its faults have their own causes.
WATCHER_KEY = "dqm/watcher"
#: Name of the code location of what runs inside a process of its own, for instance in a test.
_IN_PROCESS = "in-process"


def lineage_of(graph: AssetGraph) -> Lineage:
    """Lineage of the datasets of an asset graph.

    Assets are named by their metadata `DATASET_KEY`, by that of a check, or by their key. The step that makes
    an asset, and the pipeline of `PIPELINE_KEY`, are upstream of its dataset.
    """
    return Lineage.of_edges(edge for edge in _edges(graph) if edge[0] != edge[1])


def keep_lineage(store: "Store", graph: AssetGraph, origin: CodeLocationOrigin | None) -> None:
    """Keep the lineage of a code location in the store; the same graph again costs nothing that day.

    Args:
        store: The open store.
        graph: The asset graph, of the whole location or of a job of it.
        origin: The code location; without one it is inside this process.
    """
    whole = getattr(graph, "source_asset_graph", graph)
    _keep(store, whole, origin.location_name if origin else _IN_PROCESS, datetime.now(UTC).date())


@lru_cache(maxsize=8)
def _keep(store: "Store", graph: AssetGraph, location: str, _day: date) -> None:
    from dqm_assets.pipeline.lineage_rows import record_lineage  # noqa: PLC0415 (loads the store's side)

    record_lineage(store, location, lineage_of(graph), datetime.now(UTC))


def _edges(graph: AssetGraph) -> Iterator[tuple[str, str]]:
    names = _names(graph)
    for node in graph.asset_nodes:
        if node.metadata.get(WATCHER_KEY):
            continue
        name, step = names[node.key], _step(node.key)
        yield name, step
        pipeline = node.metadata.get(PIPELINE_KEY)
        if pipeline:
            yield step, str(pipeline)
        for parent in node.parent_keys:
            # Steps of one dataset follow one another; what comes from another dataset follows all of it.
            yield step, _step(parent) if names[parent] == name else names[parent]


def _names(graph: AssetGraph) -> dict[dg.AssetKey, str]:
    names = {node.key: node.metadata.get(DATASET_KEY) for node in graph.asset_nodes}
    for check in graph.asset_check_keys:
        told = graph.get_check_spec(check).metadata.get(DATASET_KEY)
        if told and not names.get(check.asset_key):
            names[check.asset_key] = told
    return {key: str(name) if name else _step(key) for key, name in names.items()}


def _step(key: dg.AssetKey) -> str:
    return key.to_python_identifier()
