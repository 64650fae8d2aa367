"""Everything that dqm checks, attached to anyone's Dagster asset in one call."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa

from dqm_assets.checks.anomalies import anomalies_check
from dqm_assets.checks.batches import Batch, batches_of
from dqm_assets.checks.contract import ClauseVerdict, clause_checks, clause_verdict
from dqm_assets.checks.data import Data, Rows, Source, source_of
from dqm_assets.checks.freshness import DataAge, freshness_check
from dqm_assets.checks.lineage import DATASET_KEY, keep_lineage
from dqm_assets.checks.metadata import dashboard_address
from dqm_assets.checks.volume import DEFAULT_SENSITIVITY, BatchCount, volume_check
from dqm_assets.quality.contracts import Contract, load_contract
from dqm_assets.quality.contracts.rows import as_relation
from dqm_assets.quality.contracts.sla import Sla
from dqm_assets.quality.contracts.sql_text import identifier
from dqm_assets.quality.sensitivity import Sensitivity

if TYPE_CHECKING:
    from dqm_assets.quality.alert import SeriesKey
    from dqm_assets.quality.judged_value import JudgedValue
    from dqm_assets.store import Store

Asset = dg.AssetsDefinition | dg.AssetSpec | dg.AssetKey | str | Sequence[str]
#: Metrics that `anomalies=True` judges in every column.
ANOMALY_METRICS = ("mean", "stddev", "null_fraction", "distinct_fraction", "outlier_fraction")
_ARRIVALS = 400


def build_quality_checks(
    asset: Asset,
    *,
    data: Data,
    contract: Contract | str | Path | None = None,
    freshness: bool | timedelta = False,
    volume: bool | Sensitivity = False,
    anomalies: bool | Sequence[str] = False,
    dataset: str = "",
    partitions: dg.PartitionsDefinition | None = None,
    timestamp: str = "",
    references: "Callable[[], Mapping[str, Rows]] | None" = None,
    record: bool | None = None,
    owner: str = "",
    store: "Callable[[], Store] | None" = None,
) -> list[dg.AssetChecksDefinition]:
    """Make every asked-for check of an asset; add them to the `asset_checks` of your `Definitions`.

    Contract clauses become one check each (an error blocks what is downstream); ``freshness``, ``volume`` and
    ``anomalies`` one check each. Where the asset is partitioned, every partition of the run is judged.

    Args:
        asset: anyone's asset: its definition, spec, key, or name.
        data: where its rows are: a function (of the partition key, if it takes an argument), an Arrow
            table, a DuckDB relation, SQL, a Parquet or CSV path, or a raw table of dqm (`raw.orders`).
        contract: ODCS contract, or its file; of a file with several schema entries the one named as the
            dataset, else the first.
        freshness: judge the contract's service levels, or learn the usual pause; a time is the largest age.
        volume: judge the row count of each batch against those before; how readily it alarms.
        anomalies: judge metrics of the columns: True for `ANOMALY_METRICS`, or names (`mean`, `price.mean`).
        dataset: name in dqm's store and dashboard; the contract's, else made from the asset's key.
        partitions: partitions of the asset, when only its key is given.
        timestamp: column that dates the rows, when the contract does not say.
        references: gives the datasets that relationships point to, by name.
        record: keep the outcomes of clauses in dqm's store, so that failing rows can be shown later; by
            default when the store is used anyway.
        owner: who is told; the contract's owner when left out.
        store: opens the store to use; the one of ``DQM_HOME`` when left out.

    Raises:
        ValueError: nothing is asked for, or freshness of an asset of which nobody knows a time.
        ContractError: the contract is wrong.
        SourceError: the data is nothing that rows can be read from.
    """
    watched = _Watched(
        key=_key(asset),
        data=data,
        contract=_contract(contract, dataset),
        partitions=partitions or _partitions(asset),
        name=dataset,
        timestamp=timestamp,
        references=references,
        record=record,
        told=owner,
        store=store or _process_store,
        keeps_series=bool(volume or anomalies),
    )
    # What cannot be read is told when the checks are made, not when they run.
    _ = watched.source
    checks: list[dg.AssetChecksDefinition] = []
    if watched.contract is not None and watched.contract.clauses:
        checks.append(watched.contract_checks())
    if freshness:
        checks.append(watched.freshness_check(freshness))
    if volume:
        checks.append(watched.volume_check(DEFAULT_SENSITIVITY if volume is True else volume))
    if anomalies:
        metrics = ANOMALY_METRICS if anomalies is True else tuple(anomalies)
        checks.append(watched.anomaly_check(metrics))
    if not checks:
        name = watched.key.to_user_string()
        raise ValueError(f"nothing is asked for: give {name} a contract, freshness, volume or anomalies")
    return checks


@dataclass(frozen=True, kw_only=True)
class _Watched:
    """One asset with what its checks share."""

    key: dg.AssetKey
    data: Data
    contract: Contract | None
    partitions: dg.PartitionsDefinition | None
    name: str
    timestamp: str
    references: "Callable[[], Mapping[str, Rows]] | None"
    record: bool | None
    told: str
    store: "Callable[[], Store]"
    keeps_series: bool

    @cached_property
    def dataset(self) -> str:
        return self.name or (self.contract.dataset if self.contract else "__".join(self.key.path))

    @cached_property
    def owner(self) -> str:
        return self.told or (self.contract.owner if self.contract else "")

    @cached_property
    def source(self) -> Source:
        return source_of(self.data, lambda: self.contract.columns if self.contract else {}, self.store)

    @property
    def records(self) -> bool:
        uses_store = bool(self.source.table) or self.keeps_series
        return self.record if self.record is not None else uses_store

    @property
    def metadata(self) -> dict[str, str]:
        return {DATASET_KEY: self.dataset}

    def batches(self, context: dg.AssetCheckExecutionContext) -> list[Batch]:
        return batches_of(context, self.key, self.partitions)

    def contract_checks(self) -> dg.AssetChecksDefinition:
        contract = self.contract
        assert contract is not None  # noqa: S101 - for the type checker; the caller asked

        def judge(context: dg.AssetCheckExecutionContext, wanted: Collection[str]) -> list[ClauseVerdict]:
            return self._judge(contract, self.batches(context), wanted)

        return clause_checks(
            self.key,
            contract,
            judge,
            link=lambda clause: dashboard_address("/contracts", dataset=self.dataset, clause=clause.id),
            metadata=self.metadata,
        )

    def _judge(
        self, contract: Contract, batches: Sequence[Batch], wanted: Collection[str]
    ) -> list[ClauseVerdict]:
        known = self.references() if self.references else {}
        snapshot = self.store().version() if self.records else None
        verdicts: list[ClauseVerdict] = []
        for batch in batches:
            now = datetime.now(UTC)
            results = contract.check(
                self.source.load(batch.partition), now=now, references=known, only=wanted
            )
            if snapshot is not None:
                self._keep(batch, results, snapshot, now)
            pinned = snapshot if self.source.table else None
            verdicts += [
                clause_verdict(
                    result,
                    batch=batch.name if batch.partition is not None else "",
                    snapshot=pinned,
                    evidence=self._evidence(batch, result.clause.id) if snapshot is not None else "",
                )
                for result in results
            ]
        return verdicts

    def _keep(self, batch: Batch, results: Sequence[Any], snapshot: int, now: datetime) -> None:
        from dqm_assets.pipeline.contract_results import (  # noqa: PLC0415 (a contract alone needs no store)
            clause_outcome,
            store_outcomes,
        )

        self._register()
        rows = [
            clause_outcome(self.dataset, batch.name, result, snapshot=snapshot, now=now) for result in results
        ]
        store_outcomes(self.store(), rows)

    def _evidence(self, batch: Batch, clause: str) -> str:
        from dqm_assets.pipeline.evidence import evidence_id  # noqa: PLC0415

        return evidence_id(self.dataset, batch.name, clause)

    def _register(self) -> None:
        from dqm_assets.pipeline.datasets import register_source  # noqa: PLC0415

        register_source(
            self.store(),
            self.dataset,
            self.source.table,
            self.owner,
            self.contract.file if self.contract else "",
            self.contract.description if self.contract else f"Dagster asset {self.key.to_user_string()}.",
        )

    def _keep_lineage(self, context: dg.AssetCheckExecutionContext) -> None:
        """Alerts are grouped by it, whichever code location the asset is in."""
        graph = context.job_def.asset_layer.asset_graph
        job = context.run.remote_job_origin
        keep_lineage(self.store(), graph, job.repository_origin.code_location_origin if job else None)

    def freshness_check(self, wanted: bool | timedelta) -> dg.AssetChecksDefinition:
        sla = self.contract.sla if self.contract else Sla()
        if isinstance(wanted, timedelta):
            sla = Sla(latency=wanted)
        column = self.timestamp or (self.contract.timestamp_column if self.contract else None)
        if column is None and (sla.latency or sla.retention or sla.availability):
            raise ValueError(
                f"the age of {self.key.to_user_string()} needs a column that dates its rows: "
                "give timestamp=…, or a contract with a timestamp or date"
            )

        def age(context: dg.AssetCheckExecutionContext) -> DataAge:
            found = context.instance.fetch_materializations(self.key, limit=_ARRIVALS)
            arrivals = sorted(datetime.fromtimestamp(record.timestamp, UTC) for record in found.records)
            if column is None:
                return DataAge(None, arrivals)
            ends = [_ends(self.source.load(batch.partition), column) for batch in self.batches(context)]
            known = [moment for pair in ends for moment in pair if moment is not None]
            return DataAge(max(known, default=None), arrivals, min(known, default=None))

        return freshness_check(self.key, age, sla=sla, metadata=self.metadata)

    def volume_check(self, sensitivity: Sensitivity) -> dg.AssetChecksDefinition:
        def counts(context: dg.AssetCheckExecutionContext) -> tuple[list[BatchCount], set[str]]:
            from dqm_assets.checks.series import (  # noqa: PLC0415 (loads the store's side)
                row_counts,
                table_points,
                watch_points,
            )

            batches = self.batches(context)
            points = [
                point
                for batch in batches
                for point in table_points(batch, _count(self.source.load(batch.partition)))
            ]
            self._register()
            self._keep_lineage(context)
            watch_points(self.store(), self.dataset, points, sensitivity=sensitivity, owner=self.owner)
            return row_counts(self.store(), self.dataset), {batch.name for batch in batches}

        return volume_check(self.key, counts, sensitivity=sensitivity, metadata=self.metadata)

    def anomaly_check(self, metrics: Sequence[str]) -> dg.AssetChecksDefinition:
        def judged(context: dg.AssetCheckExecutionContext) -> "list[JudgedValue]":
            from dqm_assets.checks.series import (  # noqa: PLC0415 (loads the store's side)
                column_points,
                judged_series,
                watch_points,
            )
            from dqm_assets.quality.profile import profile  # noqa: PLC0415 (loads the kernel)

            batches = self.batches(context)
            points = [
                point
                for batch in batches
                for point in column_points(batch, profile(self.source.load(batch.partition)), metrics)
            ]
            self._register()
            self._keep_lineage(context)
            watch_points(
                self.store(), self.dataset, points, sensitivity=DEFAULT_SENSITIVITY, owner=self.owner
            )
            return judged_series(self.store(), self.dataset, [batch.name for batch in batches])

        def history(series: "SeriesKey", until: datetime) -> "list[JudgedValue]":
            from dqm_assets.pipeline.judged_values import line_of  # noqa: PLC0415

            return line_of(self.store(), series, until)

        return anomalies_check(self.key, judged, history, metadata=self.metadata)


def _key(asset: Asset) -> dg.AssetKey:
    if isinstance(asset, dg.AssetKey):
        return asset
    if isinstance(asset, str):
        return dg.AssetKey.from_user_string(asset)
    if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec):
        return asset.key
    return dg.AssetKey(list(asset))


def _partitions(asset: Asset) -> dg.PartitionsDefinition | None:
    return asset.partitions_def if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec) else None


def _contract(given: Contract | str | Path | None, dataset: str) -> Contract | None:
    if given is None or isinstance(given, Contract):
        return given
    return load_contract(given, dataset or None)


def _process_store() -> "Store":
    from dqm_assets.defs.resources import process_store  # noqa: PLC0415 (opening the store is not for everyone)

    return process_store()


def _count(rows: Rows) -> int:
    if isinstance(rows, pa.Table):
        return rows.num_rows
    found = rows.aggregate("count(*)").fetchone()
    return int(found[0]) if found else 0


def _ends(rows: Rows, column: str) -> tuple[datetime | None, datetime | None]:
    """Oldest and newest time of a column, in UTC; one without a zone is taken as UTC."""
    quoted = identifier(column)
    found = as_relation(rows).aggregate(f"epoch_us(min({quoted})), epoch_us(max({quoted}))").fetchone()
    low, high = found or (None, None)
    return _moment(low), _moment(high)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, UTC)
