from pathlib import Path

import numpy as np
import pytest

from dqm_assets.errors import SourceError
from dqm_assets.quality.labels import Label, read_labels
from dqm_assets.quality.series_file import read_series


def test_labels_are_incidents_unless_they_say_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("start,end,kind\n1970-01-01,1970-01-02T00:00:00Z,\n1970-01-01,1970-01-01,expected\n")
    assert read_labels(path) == [Label(0.0, 86_400.0, "incident"), Label(0.0, 0.0, "expected")]


@pytest.mark.parametrize(
    "line", ["yesterday,1970-01-01,", "1970-01-02,1970-01-01,", "1970-01-01,1970-01-02,joke", "1970-01-01"]
)
def test_a_wrong_label_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"start,end,kind\n{line}\n")
    with pytest.raises(SourceError, match=r"labels\.csv:2"):
        read_labels(path)


def test_a_series_is_put_in_order_and_may_miss_values(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_text("ts,value\n1970-01-01T00:01:00,2\n1970-01-01T00:00:00,1\n1970-01-01T00:02:00,\n")
    series = read_series(path)
    assert series.ts.tolist() == [0.0, 60.0, 120.0]
    assert series.values[:2].tolist() == [1.0, 2.0]
    assert np.isnan(series.values[2])
    assert series.since(60.0).ts.size == 2


def test_a_wrong_line_of_a_series_is_named(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_text("ts,value\n1970-01-01,1\nsoon,2\n")
    with pytest.raises(SourceError, match=r"series\.csv:3"):
        read_series(path)
