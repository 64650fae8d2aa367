"""The volume check: learning, usual, unusual."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from dqm_assets.checks.volume import BatchCount, volume_result

KEY = dg.AssetKey("orders")
START = datetime(2026, 1, 1, tzinfo=UTC)


def result(rows: list[int], judged: int = 1) -> dg.AssetCheckResult:
    counts = [BatchCount(f"b{i}", START + timedelta(hours=i), n) for i, n in enumerate(rows)]
    names = {count.batch for count in counts[len(counts) - judged :]}
    return volume_result(counts, names, asset_key=KEY, check_name="volume")


def steady(n: int) -> list[int]:
    return [1000 + (i * 7) % 11 for i in range(n)]


def test_without_a_batch_it_passes_and_says_so() -> None:
    empty = result([], judged=0)
    assert empty.passed
    assert "No batch" in str(empty.description)


def test_the_first_batches_are_learned_from() -> None:
    first = result([5])
    assert first.passed
    assert "learning" in str(first.description)
    assert "expected" not in first.metadata
    assert first.metadata["rows"].value == 5


def test_a_usual_count_passes_with_its_numbers() -> None:
    usual = result([*steady(30), 1004])
    assert usual.passed
    assert usual.metadata["earlier_batches"].value == 30
    assert usual.metadata["lower"].value < 1004 < usual.metadata["upper"].value


@pytest.mark.parametrize("rows", [0, 500, 5000])
def test_an_unusual_count_warns_with_table_and_plot(rows: int) -> None:
    unusual = result([*steady(30), rows])
    assert not unusual.passed
    assert unusual.severity == dg.AssetCheckSeverity.WARN
    assert "b30" in str(unusual.description)
    assert f"| {rows} |" in str(unusual.metadata["batches_judged"].value)
    assert "data:image/png;base64," in str(unusual.metadata["plot"].value)


def test_only_the_judged_batches_can_fail_the_check() -> None:
    assert result([*steady(30), 5, *steady(5)], judged=3).passed
    assert not result([*steady(30), 5, *steady(5)], judged=6).passed
