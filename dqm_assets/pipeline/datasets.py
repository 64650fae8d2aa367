"""Which datasets there are: the built-in detector runs, and every folder in the landing folder."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from dqm_assets.errors import SourceError
from dqm_assets.ingest import Landing, table_name
from dqm_assets.pipeline.contract_watching import read_watching
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.quality.contracts import Contract, load_contracts
from dqm_assets.quality.holiday_calendar import HolidayCalendar
from dqm_assets.settings import Settings
from dqm_assets.store import Store

#: The dataset whose assets carry the plain names (``run_metrics``, ``run_registry``).
DETECTOR = "detector"

CONTRACT_SUFFIX = ".odcs.yaml"


@dataclass(frozen=True)
class Dataset:
    """One monitored table that is fed by files in a landing folder."""

    #: Name of the dataset, and of its folder in the landing folder.
    name: str
    #: Table in the schema ``raw``, without the schema's name.
    table: str
    #: The contract that declares it; ``None`` for a discovered dataset.
    contract: Contract | None = None
    contract_path: Path | None = None
    #: Days that teach no baseline, from the contract's custom property ``holidays``.
    calendar: HolidayCalendar | None = None
    #: Column whose values are profiled one by one, from the contract's custom property ``segmentBy``.
    segment_column: str | None = None
    #: Days that rows stay, from the contract's custom property ``retentionDays``; ``None`` is the setting.
    retention_days: int | None = None

    @property
    def raw_table(self) -> str:
        """Qualified name of the raw table, as the store wants it."""
        return f"raw.{self.table}"

    @property
    def owner(self) -> str:
        """Who is told when the dataset goes bad; empty when nobody is named."""
        return self.contract.owner if self.contract and self.contract.owner else ""

    @property
    def timestamp_column(self) -> str | None:
        """Column that carries the data's own time, when the contract names one."""
        return self.contract.timestamp_column if self.contract else None

    @property
    def description(self) -> str:
        """One line for catalogues."""
        if self.contract is None:
            return f"Files dropped in the landing folder {self.name}/, columns discovered."
        return self.contract.description or f"Files dropped in {self.name}/, by contract."


@dataclass(frozen=True)
class DatasetRow:
    """A line of ``monitoring.datasets``."""

    dataset: str
    table_name: str
    contract: str
    owner: str
    discovered: bool
    timestamp_column: str | None
    first_seen: datetime
    description: str
    simulated: bool


def register_source(  # noqa: PLR0917 (one line of a catalogue)
    store: Store,
    name: str,
    table: str,
    owner: str = "",
    contract: str = "",
    description: str = "",
    simulated: bool = False,
    *,
    timestamp_column: str | None = None,
    discovered: bool = False,
) -> None:
    """Make a dataset known to the platform's catalogue; registering the same again writes nothing.

    Args:
        store: The open store.
        name: Name of the dataset, as in metrics and alerts.
        table: Qualified name of its table, such as ``raw.devices``.
        owner: Who is told when it goes bad.
        contract: Path of its contract; empty when it has none.
        description: One line for catalogues.
        simulated: Whether its data is made up.
        timestamp_column: Column that dates its rows.
        discovered: Whether its columns were found rather than declared.
    """
    row = DatasetRow(
        name, table, contract, owner, discovered, timestamp_column, datetime.now(UTC), description, simulated
    )
    found = store.rows("SELECT * FROM monitoring.datasets WHERE dataset = ?", [name])
    if found:
        row = replace(row, first_seen=found[0]["first_seen"])
        if vars(row) == found[0]:
            return
    with store.transaction("monitoring.datasets") as tx:
        upsert_rows(tx, "monitoring.datasets", [row])


def landing_datasets(settings: Settings) -> list[Dataset]:
    """All datasets fed from the landing folder, the built-in one first, then by name.

    A folder becomes a dataset by existing; it is declared when a contract in the
    contracts folder names it, discovered otherwise. Of two folders that would share a table
    (``My Data`` and ``my_data``) only one is a dataset: the declared one, or the one named as the table.

    Raises:
        ContractError: a contract in the contracts folder cannot be read.
    """
    declared = _contracts_by_dataset(settings.contracts)
    folders = Landing(settings.landing_folder).datasets()
    found = [_dataset(name, declared) for name in {DETECTOR, *folders}]
    owners: dict[str, Dataset] = {}
    for dataset in sorted(found, key=lambda d: (d.contract is None, d.name != d.table, d.name)):
        owners.setdefault(dataset.table, dataset)
    return sorted(owners.values(), key=lambda dataset: (dataset.name != DETECTOR, dataset.name))


def refuse_clash(settings: Settings, dataset: Dataset) -> None:
    """Refuse a dataset whose table is another one's.

    Raises:
        SourceError: the table belongs to a dataset of another name.
    """
    for other in landing_datasets(settings):
        if other.table == dataset.table and other.name != dataset.name:
            raise SourceError(
                f"The files of {dataset.name!r} would go to {other.raw_table}, which is the table of "
                f"{other.name!r}. Use that dataset, or another name."
            )


def find_dataset(settings: Settings, name: str) -> Dataset:
    """The dataset of that name, whether or not its folder exists yet."""
    return _dataset(name, _contracts_by_dataset(settings.contracts))


def _dataset(name: str, declared: dict[str, tuple[Contract, Path]]) -> Dataset:
    if name not in declared:
        return Dataset(name=name, table=table_name(name))
    contract, path = declared[name]
    watching = read_watching(path, name)
    return Dataset(
        name=name,
        table=contract.table,
        contract=contract,
        contract_path=path,
        calendar=watching.calendar,
        segment_column=watching.segment_column,
        retention_days=watching.retention_days,
    )


def _contracts_by_dataset(folder: Path) -> dict[str, tuple[Contract, Path]]:
    contracts = {}
    for path in sorted(folder.glob(f"*{CONTRACT_SUFFIX}")):
        known = path.stat()
        for contract in _contracts_of(path, (known.st_mtime_ns, known.st_size, known.st_ino)):
            contracts[contract.dataset] = (contract, path)
    return contracts


@lru_cache(maxsize=20_000)
def _contracts_of(path: Path, _as_it_is: tuple[int, int, int]) -> tuple[Contract, ...]:
    """Contracts of a file, read again when it has changed: reading takes 50 ms, and every batch asks."""
    return tuple(load_contracts(path))
