import contextlib
import os
from pathlib import Path

import pytest

from dqm_assets.errors import SourceError
from dqm_assets.ingest import Landing

OLD = 1_600_000_000


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    landing = Landing(tmp_path / "landing")
    landing.add_dataset("detector")
    return landing


def drop(landing: Landing, name: str, text: str = "a\n1\n", *, dataset: str = "detector") -> Path:
    path = landing.add_dataset(dataset) / name
    path.write_text(text)
    os.utime(path, (OLD, OLD))
    return path


def everything(landing: Landing) -> list[Path]:
    return [path for path in landing.folder.rglob("*") if path.is_file()]


def test_sub_folders_are_datasets(landing: Landing) -> None:
    drop(landing, "x.csv", dataset="covid-daily-reports")
    (landing.folder / ".hidden").mkdir()
    (landing.folder / "link").symlink_to(landing.folder / "detector")
    assert landing.datasets() == ["covid-daily-reports", "detector"]


def test_a_landing_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "none")
    assert landing.datasets() == []
    assert landing.pending_claims() == []
    assert landing.stray() == []


def test_whole_files_are_ready_oldest_first(landing: Landing) -> None:
    first, second = drop(landing, "z.csv"), drop(landing, "ü b.csv")
    os.utime(first, (OLD - 10, OLD - 10))
    for unfinished in (".hidden.csv", "x.csv.tmp", "x.part", "x.csv~"):
        drop(landing, unfinished)
    (landing.folder / "detector" / "link.csv").symlink_to(first)
    os.mkfifo(landing.folder / "detector" / "pipe.csv")
    assert landing.ready("detector", 1.0) == [first, second]


def test_a_file_that_another_process_takes_while_it_is_looked_at_is_left_to_it(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, left = drop(landing, "taken.csv"), drop(landing, "left.csv")
    scandir = os.scandir

    def taken_meanwhile(folder: Path) -> object:
        entries = scandir(folder)
        monkeypatch.undo()
        listed = contextlib.nullcontext(list(entries))
        taken.unlink()
        return listed

    monkeypatch.setattr("dqm_assets.ingest.landing.os.scandir", taken_meanwhile)
    assert landing.ready("detector", 1.0) == [left]


def test_a_file_that_grows_between_two_looks_is_not_ready(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = landing.folder / "detector" / "growing.csv"
    growing.write_text("a\n")
    still = landing.folder / "detector" / "still.csv"
    still.write_text("a\n")

    def copy_goes_on(_seconds: float) -> None:
        with growing.open("a") as file:
            file.write("1\n")

    monkeypatch.setattr("dqm_assets.ingest.landing.time.sleep", copy_goes_on)
    assert landing.ready("detector", 60.0) == [still]


def test_without_waiting_young_files_are_left_for_the_next_call(landing: Landing) -> None:
    old = drop(landing, "old.csv")
    (landing.folder / "detector" / "young.csv").write_text("a\n")
    assert landing.ready("detector", 60.0, wait=False) == [old]


def test_a_claim_knows_its_content(landing: Landing) -> None:
    claim = landing.claim(drop(landing, "day 1.csv.gz", "a\n1\n"))
    assert claim is not None
    assert claim.run_id == f"day 1-{claim.sha256[:8]}"
    assert claim.path == landing.folder / ".dqm/claimed/detector" / claim.run_id / "day 1.csv.gz"
    assert (claim.dataset, claim.original_name, claim.bytes, claim.mtime) == (
        "detector",
        "day 1.csv.gz",
        4,
        OLD,
    )
    assert landing.ready("detector", 0.0) == []


def test_a_lost_race_gives_none(landing: Landing) -> None:
    path = drop(landing, "x.csv")
    assert landing.claim(path) is not None
    assert landing.claim(path) is None


def test_claims_are_put_away_and_pending_until_then(landing: Landing) -> None:
    good, bad = landing.claim(drop(landing, "good.csv")), landing.claim(drop(landing, "bad.csv", "?"))
    assert good is not None
    assert bad is not None
    assert landing.pending_claims() == sorted([good, bad], key=lambda claim: claim.original_name)
    assert landing.pending_claims(older_than=60.0) == []
    assert landing.archive(good) == landing.folder / ".dqm/archive/detector" / good.run_id / "good.csv"
    assert landing.quarantine(bad) == landing.folder / ".dqm/quarantine/detector" / bad.run_id / "bad.csv"
    assert landing.pending_claims() == []
    assert landing.archive(good).read_text() == "a\n1\n"  # once more, by a process that recovers


def test_the_same_file_dropped_twice_is_kept_twice(landing: Landing) -> None:
    claims = []
    for _ in range(2):
        claim = landing.claim(drop(landing, "same.csv"))
        assert claim is not None
        claims.append(claim)
    assert claims[0].run_id == claims[1].run_id
    assert landing.pending_claims() == claims or landing.pending_claims() == claims[::-1]
    places = {landing.archive(claim) for claim in claims}
    assert len(places) == 2
    assert sorted(everything(landing)) == sorted(places)


@pytest.mark.parametrize(
    "name", ["ü" * 120 + ".csv", "x" * 251 + ".csv", "a\nb;'\".csv", "...csv.csv", "-rf"]
)
def test_any_file_name_is_taken(landing: Landing, name: str) -> None:
    if name.startswith("."):
        name = f"v{name}"
    claim = landing.claim(drop(landing, name))
    assert claim is not None
    assert len(claim.run_id.encode()) <= 255
    assert ".." not in claim.run_id
    assert "\n" not in claim.run_id
    assert landing.archive(claim).name == name


def test_a_name_that_is_no_text_can_be_shown(landing: Landing) -> None:
    path = os.fsencode(landing.folder / "detector") + b"/caf\xe9.csv"
    with open(path, "wb") as file:  # noqa: PTH123 - pathlib has no byte names
        file.write(b"a\n1\n")
    claim = landing.claim(Path(os.fsdecode(path)))
    assert claim is not None
    assert claim.original_name == "caf\\xe9.csv"
    claim.run_id.encode()
    assert landing.archive(claim).exists()


@pytest.mark.parametrize("dataset", ["", "..", ".dqm", "a/b", "../detector", "/etc", "a\x00b"])
def test_dataset_names_stay_inside_the_folder(landing: Landing, dataset: str) -> None:
    with pytest.raises(SourceError):
        landing.ready(dataset, 0.0)
    with pytest.raises(SourceError):
        landing.add_dataset(dataset)


def test_only_files_of_datasets_are_claimed(landing: Landing, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("secret")
    link = landing.folder / "detector" / "link.csv"
    link.symlink_to(outside)
    (landing.folder / "linked").symlink_to(tmp_path)
    inner = landing.folder / "detector" / "sub"
    inner.mkdir()
    for path in (
        outside,
        link,
        inner,
        landing.folder / "detector/../../outside.csv",
        landing.folder / "linked" / "outside.csv",
        landing.folder / ".dqm" / "x.csv",
    ):
        with pytest.raises(SourceError):
            landing.claim(path)
    assert outside.read_text() == "secret"
    assert link.is_symlink()
    assert inner.is_dir()


def test_what_lies_in_the_wrong_place_is_reported(landing: Landing) -> None:
    (landing.folder / "lost.csv").write_text("a\n")
    (landing.folder / "detector" / "sub").mkdir()
    assert landing.stray() == [landing.folder / "detector" / "sub", landing.folder / "lost.csv"]


def test_a_run_is_located_wherever_it_is(landing: Landing) -> None:
    claim = landing.claim(drop(landing, "x.csv"))
    assert claim is not None
    assert landing.locate("detector", claim.run_id) == claim
    landing.archive(claim)
    located = landing.locate("detector", claim.run_id)
    assert located is not None
    assert "archive" in located.path.parts
    assert landing.locate("detector", "other") is None
    with pytest.raises(SourceError):
        landing.locate("detector", "..")


def test_files_of_one_name_taken_from_two_folders_are_two_claims(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "landing")
    waiting = landing.add_dataset("detector") / "data.csv"
    waiting.write_text("dropped by somebody else\n")
    claims = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "data.csv").write_text(f"from {folder}\n")
        claims.append(landing.take("detector", tmp_path / folder / "data.csv"))
    assert [claim.path.read_text() for claim in claims] == ["from a\n", "from b\n"]
    assert waiting.read_text() == "dropped by somebody else\n"
    assert len({claim.run_id for claim in claims}) == 2
    assert len(landing.pending_claims()) == 2
    assert landing.pending_claims(older_than=30) == []
