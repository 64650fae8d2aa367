"""Which dataset a file belongs to when nobody says: told by its folder, or by its columns."""

from collections.abc import Sequence
from pathlib import Path

from dqm_assets.errors import SettingsError
from dqm_assets.ingest import read_file
from dqm_assets.pipeline.datasets import Dataset, landing_datasets
from dqm_assets.settings import Settings

#: Share of columns that a file and a contract must have in common.
_WELL = 0.5


def dataset_of_files(settings: Settings, files: Sequence[Path]) -> str:
    """Name of the one dataset that all the files are of.

    A file belongs to the dataset that its folder is named after, else to the one whose contract its columns
    fit best, if that is well enough: a column more or less is drift, not another dataset.

    Raises:
        SettingsError: a file fits no dataset or several, or the files are of different ones.
    """
    known = landing_datasets(settings)
    found = {path: _dataset_of(known, path) for path in files}
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{path.name} ({name})" for path, name in found.items())
        raise SettingsError(f"These files are of different datasets: {listed}. Load them one by one.")
    return next(iter(found.values()))


def _dataset_of(known: Sequence[Dataset], path: Path) -> str:
    folder = path.resolve().parent.name
    if any(dataset.name == folder for dataset in known):
        return folder
    columns = {name for name, _ in read_file(path).columns_seen}
    fits = {
        dataset.name: _fit(columns, set(dataset.contract.columns)) for dataset in known if dataset.contract
    }
    best = max(fits, key=lambda name: fits[name], default=None)
    if best is not None and fits[best] >= _WELL:
        return best
    raise SettingsError(
        f"Nobody says which dataset {path.name} belongs to: its folder is named after none, and its columns "
        "fit no contract. Add --dataset NAME; a new name makes a new dataset."
    )


def _fit(columns: set[str], declared: set[str]) -> float:
    """Columns that both have, among all (Jaccard)."""
    return len(columns & declared) / len(columns | declared) if columns | declared else 0.0
