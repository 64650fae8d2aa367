"""The assets of the event streams: the stream itself, which a service feeds, and the work of its jobs."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from dqm_assets.checks.metadata import dashboard_link, markdown_table
from dqm_assets.defs.resources import StoreResource
from dqm_assets.errors import SourceError
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.settings import Settings, settings
from dqm_assets.simulate.broker import announced_broker
from dqm_assets.sources.streams.dead_letters import replay
from dqm_assets.sources.streams.reconcile import backfill, reconcile
from dqm_assets.sources.streams.window_judge import DATASET, DESCRIPTION, KEPT_FINE, TABLE
from dqm_assets.sources.streams.window_rollup import roll_up
from dqm_assets.store.maintenance import compact, forget_commits

GROUP = "streams"
#: Tables that the consumers write many small files of.
_BUSY = (TABLE, "raw.dead_letters", "metrics.stream_windows", "monitoring.offsets")
#: Tables of which a consumer's own commits change nothing else.
_OWN = (*_BUSY, "monitoring.stream_health")
#: For so long the store can be read as it was at each of these commits.
_REMEMBERED = timedelta(hours=1)


def stream_asset() -> dg.AssetSpec:
    """The stream: `dqm stream run` feeds it, and reports what it did; Dagster never runs per batch."""
    owner = find_dataset(settings(), DATASET).owner
    return dg.AssetSpec(
        DATASET,
        group_name=GROUP,
        kinds={"kafka", "duckdb"},
        owners=[f"team:{owner}"] if owner else None,
        description=f"{DESCRIPTION} Fed by `dqm stream run`.",
        metadata={"table": TABLE, "dashboard": dashboard_link("/streams")},
    )


def stream_work() -> list[dg.AssetsDefinition]:
    """What jobs do for the stream."""
    return [_compaction(), _reconciliation(), _backfill(), _replay()]


def broker_of(where: Settings) -> str | None:
    """Addresses of the brokers that are named, or of the development broker; None without any."""
    if where.kafka_bootstrap is not None:
        return where.kafka_bootstrap
    try:
        return announced_broker(where.home).bootstrap
    except SourceError:
        return None


def _compaction() -> dg.AssetsDefinition:
    @dg.asset(
        group_name=GROUP,
        metadata={"dashboard": dashboard_link("/streams")},
        deps=[DATASET],
        kinds={"duckdb"},
        description="Rolls up old windows, merges the small files of the stream's tables and forgets its old "
        "commits; readers and the consumers go on.",
    )
    def stream_compaction(store: StoreResource) -> dg.MaterializeResult:
        now = datetime.now(UTC)
        rolled = roll_up(store.open(), now - KEPT_FINE)
        before, after = compact(store.open(), _BUSY)
        forgotten = forget_commits(store.open(), _OWN, now - _REMEMBERED)
        return dg.MaterializeResult(
            metadata={
                "windows_rolled_up": rolled,
                "files_before": before,
                "files_after": after,
                "commits_forgotten": forgotten,
            }
        )

    return stream_compaction


def _reconciliation() -> dg.AssetsDefinition:
    @dg.asset(
        group_name=GROUP,
        metadata={"dashboard": dashboard_link("/streams")},
        deps=[DATASET],
        kinds={"kafka", "duckdb"},
        check_specs=[dg.AssetCheckSpec("each_offset_once", asset="stream_reconciliation")],
        description="Counts each partition of the last day against its offsets and the broker's watermarks.",
    )
    def stream_reconciliation(store: StoreResource) -> dg.MaterializeResult:
        counts = reconcile(store.open(), broker_of(settings()))
        missing, repeated = sum(one.missing for one in counts), sum(one.repeated for one in counts)
        names = ("topic", "partition", "first", "next_offset", "missing", "repeated", "low", "high")
        rows = [tuple(getattr(one, name) for name in names) for one in counts]
        return dg.MaterializeResult(
            metadata={
                "missing": missing,
                "repeated": repeated,
                "partitions": dg.MetadataValue.md(markdown_table(names, rows) if rows else "No partition."),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="each_offset_once",
                    passed=not missing and not repeated,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=f"{missing:,} offsets are missing, {repeated:,} records are there twice.",
                    metadata={"missing": missing, "repeated": repeated},
                )
            ],
        )

    return stream_reconciliation


def _backfill() -> dg.AssetsDefinition:
    @dg.asset(
        group_name=GROUP,
        metadata={"dashboard": dashboard_link("/streams")},
        deps=["stream_reconciliation"],
        kinds={"kafka", "duckdb"},
        description="Reads missing offsets again from the broker; what is there becomes rows, once.",
    )
    def stream_backfill(store: StoreResource) -> dg.MaterializeResult:
        bootstrap = broker_of(settings())
        if bootstrap is None:
            raise dg.Failure("No broker is known: set DQM_KAFKA_BOOTSTRAP.", allow_retries=False)
        return dg.MaterializeResult(metadata=dict(vars(backfill(store.open(), bootstrap))))

    return stream_backfill


def _replay() -> dg.AssetsDefinition:
    @dg.asset(
        group_name=GROUP,
        metadata={"dashboard": dashboard_link("/streams")},
        deps=[DATASET],
        kinds={"duckdb"},
        description="Tries dead letters again by today's rules; those that are events now become rows, once.",
    )
    def stream_replay(store: StoreResource) -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=dict(vars(replay(store.open()))))

    return stream_replay
