"""What the stream benchmark reads from a consumer's notes."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("confluent_kafka", reason="streams are an extra: pip install 'dqm[kafka]'")

from benchmarks.stream_load import Commit, quantile, told


def test_a_line_that_a_kill_cut_off_is_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "log"
    whole = {"ended": 2.0, "cpu": 0.5, "ages": [10, 20], "n": [3, 1]}
    log.write_text(json.dumps({"claimed": 1.0}) + "\n" + json.dumps(whole) + "\n" + '{"ended": 3.0, "cp')

    found = told(log)

    assert found.claimed == 1.0
    assert [commit.records for commit in found.commits] == [4]


@pytest.mark.parametrize(("share", "age"), [(0.5, 10.0), (0.75, 10.0), (0.76, 30.0), (0.99, 500.0)])
def test_a_quantile_counts_each_record(share: float, age: float) -> None:
    first = Commit(1.0, 0.1, np.array([10]), np.array([75]))
    second = Commit(2.0, 0.2, np.array([500, 30]), np.array([5, 20]))

    assert quantile((first, second), share) == age
