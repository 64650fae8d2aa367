"""A file without a time of its own among files that have one."""

import os
from datetime import UTC, datetime

from tests.integration.pipeline.conftest import NewPlatform
from tests.integration.pipeline.platform import Platform


def _csv(first: int) -> bytes:
    return ("id,price\n" + "\n".join(f"{first + i},{i}.5" for i in range(10))).encode()


def _order(platform: Platform) -> list[str]:
    return [row["file"] for row in platform.store.rows("SELECT file FROM metrics.runs ORDER BY ts, run_id")]


def test_an_undated_file_stands_behind_the_history_that_was_loaded_before_it_and_before_what_follows(
    new_platform: NewPlatform,
) -> None:
    platform = new_platform("history")
    platform.drop("day-2020-01-01.csv", _csv(0))
    platform.drop("day-2020-01-02.csv", _csv(100))
    platform.process()
    platform.drop("extra.csv", _csv(200))
    platform.process()
    platform.drop("day-2020-01-03.csv", _csv(300))
    platform.process()
    wanted = ["day-2020-01-01.csv", "day-2020-01-02.csv", "extra.csv", "day-2020-01-03.csv"]
    assert _order(platform) == wanted
    ids = [row["run_id"] for row in platform.store.rows("SELECT run_id FROM metrics.runs")]
    platform.load(platform.relocate(ids))
    assert _order(platform) == wanted


def test_where_no_file_is_dated_the_modification_time_counts(new_platform: NewPlatform) -> None:
    platform = new_platform("undated")
    for day, name in ((2, "a.csv"), (1, "b.csv")):
        path = platform.drop(name, _csv(day * 100))
        written = datetime.now(UTC).timestamp() - 3_600 / day
        os.utime(path, (written, written))
    platform.process()
    assert _order(platform) == ["b.csv", "a.csv"]
