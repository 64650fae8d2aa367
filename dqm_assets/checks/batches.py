"""Which batches of an asset a check looks at: the partitions of its run, or the whole asset once."""

from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

_PARTITION, _START, _END = (
    "dagster/partition",
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
)


@dataclass(frozen=True)
class Batch:
    """One arrival of an asset: a partition, or what one run made of an asset without partitions."""

    #: Partition key; the Dagster run's id where there are no partitions.
    name: str
    #: When its data happened: the start of a time partition, else when the run began; UTC.
    ts: datetime
    #: Partition key; None where there are no partitions.
    partition: str | None


def batches_of(
    context: dg.AssetCheckExecutionContext, asset: dg.AssetKey, partitions: dg.PartitionsDefinition | None
) -> list[Batch]:
    """Name the batches that the run of a check is about, in the partitions' order.

    Without a partition in its run, a check of a partitioned asset is about the newest partition.

    Args:
        context: of the check.
        asset: the asset that is checked.
        partitions: of the asset; when left out, those that the code location knows of it.
    """
    started = _started(context)
    partitions = partitions or _known_partitions(context, asset)
    if partitions is None:
        return [Batch(context.run.run_id, started, None)]
    return [
        Batch(key, _partition_time(partitions, key) or started, key) for key in _keys(context, partitions)
    ]


def _known_partitions(
    context: dg.AssetCheckExecutionContext, asset: dg.AssetKey
) -> dg.PartitionsDefinition | None:
    graph = context.op_execution_context.job_def.asset_layer.asset_graph
    return graph.get(asset).partitions_def if graph.has(asset) else None


def _keys(context: dg.AssetCheckExecutionContext, partitions: dg.PartitionsDefinition) -> list[str]:
    tags = context.run.tags
    if _PARTITION in tags:
        return [tags[_PARTITION]]
    known = partitions.get_partition_keys(dynamic_partitions_store=context.instance)
    if _START in tags and _END in tags and {tags[_START], tags[_END]} <= set(known):
        return list(known[known.index(tags[_START]) : known.index(tags[_END]) + 1])
    return list(known[-1:])


def _partition_time(partitions: dg.PartitionsDefinition, key: str) -> datetime | None:
    if isinstance(partitions, dg.TimeWindowPartitionsDefinition):
        return partitions.time_window_for_partition_key(key).start.astimezone(UTC)
    return None


def _started(context: dg.AssetCheckExecutionContext) -> datetime:
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return record.create_timestamp.astimezone(UTC) if record else datetime.now(UTC)
