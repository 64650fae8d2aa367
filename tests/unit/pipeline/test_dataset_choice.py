"""Which dataset a file goes to when nobody says."""

from pathlib import Path

import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.dataset_choice import dataset_of_files
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.settings import Settings
from dqm_assets.simulate.runs import RunSeries, run_csv


@pytest.fixture
def platform(tmp_path: Path) -> Settings:
    """A home whose landing folder has one dataset that nobody declared."""
    found = Settings(home=tmp_path / "home")
    (found.landing_folder / "orders").mkdir(parents=True)
    return found


def _file(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


_RUN = run_csv(RunSeries(rows=20).run(0))


@pytest.mark.parametrize(
    ("name", "content", "dataset"),
    [
        ("orders/a.csv", b"id,price\n1,2\n", "orders"),
        ("orders/run.csv", _RUN, "orders"),
        ("downloads/run.csv", _RUN, "detector"),
        ("downloads/drifted.csv", _RUN.replace(b"ch3", b"channel_3"), "detector"),
    ],
)
def test_the_folder_tells_and_else_the_columns(
    platform: Settings, tmp_path: Path, name: str, content: bytes, dataset: str
) -> None:
    assert dataset_of_files(platform, [_file(tmp_path / name, content)]) == dataset


def test_a_file_that_fits_nothing_is_refused_with_what_to_do(platform: Settings, tmp_path: Path) -> None:
    path = _file(tmp_path / "downloads" / "other.csv", b"id,price\n1,2\n")
    with pytest.raises(SettingsError, match="Add --dataset NAME"):
        dataset_of_files(platform, [path])


def test_files_of_different_datasets_are_refused_together(platform: Settings, tmp_path: Path) -> None:
    files = [_file(tmp_path / "orders/a.csv", b"id\n1\n"), _file(tmp_path / "downloads/run.csv", _RUN)]
    with pytest.raises(SettingsError, match="of different datasets"):
        dataset_of_files(platform, files)


def test_a_contract_that_changed_is_read_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, contracts=tmp_path)
    file = tmp_path / "orders.odcs.yaml"
    text = (
        "apiVersion: v3.1.0\nkind: DataContract\nid: o\nname: o\nversion: 1.0.0\nstatus: active\nschema:\n"
        "  - name: orders\n    properties:\n      - {{name: {}, logicalType: string}}\n"
    )
    file.write_text(text.format("customer"))
    first = find_dataset(settings, "orders").contract
    assert first is not None
    assert find_dataset(settings, "orders").contract is first, "what has not changed is not read again"

    file.write_text(text.format("buyer_name"))
    again = find_dataset(settings, "orders").contract
    assert again is not None
    assert list(again.columns) != list(first.columns)
    file.unlink()
    assert find_dataset(settings, "orders").contract is None
