"""A dataset with its landing folder and store, and the stages of the pipeline run over it."""

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dqm_assets.ingest import Claim, Landing
from dqm_assets.pipeline.alerts import update_alerts
from dqm_assets.pipeline.baselines import update_baselines
from dqm_assets.pipeline.claims import claim_dropped
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judge import JudgedRun, judge_runs
from dqm_assets.pipeline.load import LoadSummary, load_runs
from dqm_assets.pipeline.measure import measure_runs
from dqm_assets.store import Store
from dqm_assets.store.names import quoted_table
from dqm_assets.store.tables import TABLES

#: Modification time of every dropped file, so that two platforms see the same files.
WRITTEN = datetime(2026, 6, 1, tzinfo=UTC).timestamp()

#: When a row was written, and in which snapshot: what may differ between a stage and its repetition.
WHEN_WRITTEN = {
    "_loaded_at",
    "checked_at",
    "created_at",
    "landed_at",
    # A notification shows the alert as it was when the transition was committed.
    "payload",
    "first_seen",
    "judged_at",
    "quarantined_at",
    # When dqm raised an alert, and up to which stamp it has looked.
    "raised_at",
    "recorded_at",
    "judged_until",
    "whole_at",
    "registered_at",
    "snapshot",
    "updated_at",
}

#: Tables about the platform itself, whose rows are nothing but times; and what can be learned again.
NOT_DATA = {"monitoring.migrations", "monitoring.pipeline_status", "monitoring.detector_states"}

Rows = dict[str, list[tuple]]


@dataclass(frozen=True)
class Platform:
    """One dataset from landing folder to alerts."""

    landing: Landing
    store: Store
    dataset: Dataset

    def drop(self, name: str, content: bytes | Path) -> Path:
        """Put a file into the dataset's folder; files of one drop are taken in the order of their names."""
        target = self.landing.add_dataset(self.dataset.name) / name
        if isinstance(content, Path):
            shutil.copyfile(content, target)
        else:
            target.write_bytes(content)
        os.utime(target, (WRITTEN, WRITTEN))
        return target

    def claim(self) -> list[Claim]:
        """Claim whatever has been dropped."""
        return claim_dropped(lambda: self.store, self.landing, self.dataset, settle_seconds=0)

    def load(self, claims: Sequence[Claim]) -> LoadSummary:
        """Load claims."""
        return load_runs(self.store, self.landing, self.dataset, claims)

    def follow(self, run_ids: Sequence[str]) -> list[JudgedRun]:
        """Every stage after the load."""
        measure_runs(self.store, self.dataset, run_ids)
        judged = judge_runs(self.store, self.dataset, run_ids)
        update_baselines(self.store, self.dataset)
        update_alerts(self.store, self.dataset)
        return judged

    def process(self) -> list[JudgedRun]:
        """Every stage over whatever has been dropped."""
        claims = self.claim()
        self.load(claims)
        return self.follow([claim.run_id for claim in claims])

    def relocate(self, run_ids: Iterable[str]) -> list[Claim]:
        """The files of loaded runs, wherever they are now."""
        found = [self.landing.locate(self.dataset.name, run_id) for run_id in run_ids]
        assert None not in found
        return [claim for claim in found if claim is not None]

    def count(self, where: str = "TRUE") -> int:
        """Registered runs of the dataset."""
        return self.store.rows(
            f"SELECT count(*) AS n FROM metrics.runs WHERE dataset = ? AND {where}", [self.dataset.name]
        )[0]["n"]

    def everything(self) -> Rows:
        """Whole tables, sorted, without the columns that say when a row was written."""
        return {name: self.rows(name) for name in [*TABLES, self.dataset.raw_table] if name not in NOT_DATA}

    def rows(self, table: str) -> list[tuple]:
        """One whole table, sorted, without the columns that say when a row was written."""
        found = self.store.query(f"SELECT * FROM {quoted_table(table)}")
        kept = found.drop_columns([name for name in found.column_names if name in WHEN_WRITTEN])
        return sorted((tuple(map(str, row.values())) for row in kept.to_pylist()), key=str)
