"""Reading what the device API answers: a snapshot, or the reason why it is none."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dqm_assets.sources.devices.flat_file import HEADER, remove_old_files, write_flat_file
from dqm_assets.sources.devices.snapshot import SegmentKey, SnapshotError, read_snapshot

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def row(segment: str, count: object, *values: str) -> dict[str, object]:
    names = segment.split(" and ")
    pairs = enumerate(zip(names, values, strict=False), start=1)
    dims = {
        f"dim{n}_{part}": text
        for n, pair in pairs
        for part, text in zip(("name", "value"), pair, strict=True)
    }
    return {"segment": segment, "count": count, **dims}


def document(*rows: dict[str, object], time: str = "2026-01-05T12:00:00Z") -> dict[str, object]:
    return {"current_time": time, "segments": list(rows)}


ATM = row("Type", 3, "ATM")


def test_counts_are_read_by_segment_and_values() -> None:
    snapshot = read_snapshot(document(ATM, row("Type", 4, "PC"), row("Type and OS", 2, "ATM", "QNX")), NOON)
    assert snapshot.counts[SegmentKey("Type and OS", ("ATM", "QNX"))] == 2
    assert snapshot.online == 7
    assert snapshot.simulated is False


def test_a_row_that_is_there_twice_counts_once() -> None:
    snapshot = read_snapshot(document(ATM, ATM), NOON)
    assert (snapshot.online, snapshot.repeated) == (3, 1)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("down for repair", "not_a_snapshot"),
        (document(row("Type", "many", "ATM")), "not_a_snapshot"),
        (document(row("Type", -1, "ATM")), "not_a_snapshot"),
        (document(row("Type and OS", 1, "ATM")), "not_a_snapshot"),
        (document({"segment": "Type", "count": 1, "dim1_name": "OS", "dim1_value": "QNX"}), "not_a_snapshot"),
        (document(ATM, row("Type", 4, "ATM")), "contradiction"),
        (document(row("State", 1, "SP")), "empty"),
        (document(ATM, time="2026-01-05T11:50:00Z"), "wrong_time"),
        (document(ATM, time="2026-01-05T12:00:00"), "not_a_snapshot"),
    ],
)
def test_what_is_no_snapshot_says_why(answer: object, code: str) -> None:
    with pytest.raises(SnapshotError) as caught:
        read_snapshot(answer, NOON)
    assert caught.value.code == code


def test_a_flat_file_has_the_documented_header_and_empty_dimensions(tmp_path: Path) -> None:
    path = write_flat_file(tmp_path, read_snapshot(document(ATM, row("Type and OS", 2, "ATM", "QNX")), NOON))
    assert path.read_text().splitlines() == [
        "ts,segment,count,dim1_name,dim1_value,dim2_name,dim2_value,dim3_name,dim3_value",
        "2026-01-05T12:00:00Z,Type,3,Type,ATM,,,,",
        "2026-01-05T12:00:00Z,Type and OS,2,Type,ATM,OS,QNX,,",
    ]
    assert ",".join(HEADER) == path.read_text().splitlines()[0]


def test_old_days_are_removed_and_foreign_folders_left(tmp_path: Path) -> None:
    for name in ("2025-10-01", "2026-01-04", "notes-mine", "2026-99-99"):
        (tmp_path / name).mkdir()
    assert remove_old_files(tmp_path, NOON, 90) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-01-04", "2026-99-99", "notes-mine"]
