"""States that an earlier version wrote are read, merged and told as before."""

import base64
import json
from pathlib import Path

import pytest

from dqm_assets.quality._kernel import lib
from dqm_assets.quality.profile import ColumnProfile, profile
from tests.unit.quality.golden import states

FILES = sorted(states.FOLDER.glob("states_v*.json"))


def columns(path: Path) -> dict[str, tuple[ColumnProfile, dict]]:
    found = json.loads(path.read_text())["columns"]
    return {
        name: (ColumnProfile.from_bytes(base64.b85decode(kept["state"]), name), kept["metrics"])
        for name, kept in found.items()
    }


def test_every_version_up_to_this_one_has_its_states_kept() -> None:
    kept = {json.loads(path.read_text())["version"] for path in FILES}
    assert kept == set(range(1, lib.dqm_state_version() + 1))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_kept_states_tell_the_metrics_they_told_when_they_were_written(path: Path) -> None:
    for name, (column, expected) in columns(path).items():
        metrics = column.metrics()
        for metric, value in expected.items():
            told = pytest.approx(value, rel=1e-14) if isinstance(value, float) else value
            assert metrics[metric] == told, f"{name}.{metric}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_kept_states_merge_with_states_of_today(path: Path) -> None:
    today = profile(states.table()).columns
    for name, (column, _) in columns(path).items():
        once, twice = today[name].metrics(), column.merge(today[name]).metrics()
        assert twice["row_count"] == 2 * today[name].summary().rows
        assert (twice.get("min"), twice.get("max")) == (once.get("min"), once.get("max")), name
        if twice.get("distinct_count") is not None:
            assert twice["distinct_count"] == pytest.approx(once["distinct_count"], rel=0.01), name
