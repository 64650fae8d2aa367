"""States made by the partitions of a Dagster asset merge to what one pass over all rows gives."""

from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from dqm_assets.quality.profile import ColumnProfile, profile

DAYS = dg.DailyPartitionsDefinition(start_date="2024-01-01", end_date="2024-01-09")
SUMS = ("row_count", "null_count", "min", "max", "zero_count", "negative_count", "distinct_count")


def rows_of(day: str) -> pa.Table:
    random = np.random.default_rng(int(day.replace("-", "")))
    values = random.normal(int(day[-1]), 2, 9_000)
    return pa.table(
        {
            "x": pa.array(values, mask=random.random(9_000) < 0.05),
            "s": random.choice(["red", "green", "blue"], 9_000),
        }
    )


@dg.asset(partitions_def=DAYS)
def day_states(context: dg.AssetExecutionContext) -> dict[str, bytes]:
    """The states of one day's rows."""
    return {
        name: column.to_bytes() for name, column in profile(rows_of(context.partition_key)).columns.items()
    }


@dg.asset
def whole(day_states: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    """All days, merged from their states alone."""
    merged: dict[str, ColumnProfile] = {}
    for states in day_states.values():
        for name, state in states.items():
            part = ColumnProfile.from_bytes(state, name)
            merged[name] = merged[name].merge(part) if name in merged else part
    return {name: column.to_bytes() for name, column in merged.items()}


def test_partitions_merge_to_one_pass(tmp_path: Path) -> None:
    resources = {"io_manager": dg.FilesystemIOManager(base_dir=str(tmp_path))}
    days = DAYS.get_partition_keys()
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        for day in days:
            assert dg.materialize(
                [day_states], partition_key=day, instance=instance, resources=resources
            ).success
        done = dg.materialize([whole, day_states], selection=[whole], instance=instance, resources=resources)
        assert instance.get_materialized_partitions(day_states.key) == set(days)
        states = done.output_for_node("whole")
    table = pa.concat_tables(rows_of(day) for day in days)
    once = profile(table).columns
    merged = {name: ColumnProfile.from_bytes(state, name) for name, state in states.items()}
    assert sorted(merged["s"].top_k()) == sorted(once["s"].top_k())
    ours, expected = merged["x"].metrics(), once["x"].metrics()
    for name in SUMS:
        assert ours[name] == expected[name]
    for name in ("mean", "stddev", "skewness", "kurtosis"):
        assert ours[name] == pytest.approx(expected[name], rel=1e-12)
    values = table["x"].drop_null().to_numpy()
    for level in (0.01, 0.25, 0.5, 0.75, 0.99):
        assert abs(float(np.mean(values <= merged["x"].quantile(level))) - level) <= 0.002
