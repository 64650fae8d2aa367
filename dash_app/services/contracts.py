"""Contracts: the files of the contracts folder, what becomes of each statement, and how they fit the data."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from dash_app.services.schema import schema_versions
from dqm_assets.errors import ContractError, SettingsError
from dqm_assets.pipeline.datasets import CONTRACT_SUFFIX, Dataset, find_dataset
from dqm_assets.pipeline.newest_batch import batch_schema, newest_batch
from dqm_assets.pipeline.raw_rows import loaded_runs, run_tables
from dqm_assets.quality.contracts import Contract, lint, load_contracts
from dqm_assets.quality.contracts.comparison import ContractChange, compare_files
from dqm_assets.quality.contracts.mutation import MUTANT_ROWS, MutationReport, MutationResult, mutation_test
from dqm_assets.settings import Settings
from dqm_assets.store import Store

#: Characters of a contract that may be given to compare with.
LONGEST_TEXT = 500_000

NEWEST_GOOD = """
SELECT run_id FROM metrics.runs
WHERE dataset = $dataset AND status IN ('GOOD', 'LOADED', 'BAD')
ORDER BY (status = 'GOOD') DESC, coalesce(ts, landed_at) DESC
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a contract and what becomes of it: enforced, carried, or refused."""

    line: int
    path: str
    text: str
    state: str
    how: str
    #: Id of the clause that enforces it; empty when none does.
    clause: str
    column: str
    severity: str


@dataclass(frozen=True, slots=True)
class ContractSheet:
    """A contract file's entry for one dataset, or why the file cannot be read."""

    file: str
    dataset: str
    version: str
    status: str
    description: str
    owner: str
    statements: tuple[Statement, ...]
    #: What the linter says, ``line:column: message``.
    problems: tuple[str, ...]

    levels: tuple[tuple[str, str], ...]
    error: str = ""

    def amount(self, state: str) -> int:
        """How many statements there are of that state."""
        return sum(each.state == state for each in self.statements)


@dataclass(frozen=True, slots=True)
class ColumnFit:
    """A column as the contract states it and as the newest batch brought it; empty where one has none."""

    column: str
    stated: str
    arrived: str
    state: str


def contract_sheets(settings: Settings) -> tuple[ContractSheet, ...]:
    """Read every contract of the contracts folder; a file that is wrong is there with its error."""
    return tuple(
        sheet
        for path in sorted(settings.contracts.glob(f"*{CONTRACT_SUFFIX}"))
        for sheet in _sheets(path, path.stat().st_mtime_ns)
    )


def sheet_of(settings: Settings, dataset: str) -> ContractSheet | None:
    """Find the contract of a dataset."""
    return next((sheet for sheet in contract_sheets(settings) if sheet.dataset == dataset), None)


@lru_cache(maxsize=256)
def _sheets(path: Path, _changed: int) -> tuple[ContractSheet, ...]:
    try:
        problems = tuple(f"{each.line}:{each.column}: {each.message}" for each in lint(path))
        return tuple(_sheet(contract, path, problems) for contract in load_contracts(path))
    except ContractError as error:
        name = path.name.removesuffix(CONTRACT_SUFFIX)
        return (ContractSheet(str(path), name, "", "", "", "", (), (), (), error=str(error)),)


def _sheet(contract: Contract, path: Path, problems: tuple[str, ...]) -> ContractSheet:
    by_place = {(clause.line, clause.path): clause for clause in contract.clauses}
    statements = []
    for row in contract.explain():
        clause = by_place.get((row.line, row.path)) if row.state == "enforced" else None
        statements.append(
            Statement(
                row.line,
                row.path,
                row.statement,
                row.state,
                row.how,
                clause.id if clause else "",
                clause.column if clause else "",
                clause.severity if clause else "",
            )
        )
    levels = tuple(
        (name, str(value))
        for name in ("latency", "frequency", "retention")
        if (value := getattr(contract.sla, name)) is not None
    )
    return ContractSheet(
        file=str(path),
        dataset=contract.dataset,
        version=contract.version,
        status=contract.status,
        description=contract.description,
        owner=contract.owner,
        statements=tuple(statements),
        problems=problems,
        levels=levels,
    )


def column_fits(store: Store, settings: Settings, dataset: str) -> tuple[ColumnFit, ...]:
    """Compare the columns of a contract with those of the newest batch, those that differ first."""
    contract = find_dataset(settings, dataset).contract
    arrived = _arrived(store, dataset)
    if contract is None or not arrived:
        return ()
    stated = {prop.name: prop.logical_type or "any type" for prop in contract.properties}
    wanted = {name: str(kind) for name, kind in contract.columns.items()}
    fits = []
    for name in dict.fromkeys((*stated, *arrived)):
        if name not in arrived:
            state = "missing"
        elif name not in stated:
            state = "not stated"
        else:
            state = "as stated" if wanted.get(name, arrived[name]) == arrived[name] else "other type"
        fits.append(ColumnFit(name, stated.get(name, ""), arrived.get(name, ""), state))
    return tuple(sorted(fits, key=lambda fit: fit.state == "as stated"))


def _arrived(store: Store, dataset: str) -> dict[str, str]:
    """Columns of the newest batch with their types."""
    schema = batch_schema(store, dataset)
    if schema is not None:
        return {column.name: str(column.type) for column in schema}
    versions = schema_versions(store, dataset)
    return {column.name: column.type for column in versions[0].columns} if versions else {}


def compare_with(settings: Settings, dataset: str, text: str) -> list[ContractChange]:
    """Say what would change if the contract of a dataset were replaced by ``text``.

    Raises:
        ContractError: the text is no contract that can be read.
        SettingsError: the dataset has no contract, or the text is too long.
    """
    sheet = sheet_of(settings, dataset)
    if sheet is None:
        raise SettingsError(f"There is no contract for {dataset!r} in {settings.contracts}.")
    if len(text) > LONGEST_TEXT:
        raise SettingsError(f"A contract of {len(text):,} characters is too long: {LONGEST_TEXT:,} at most.")
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / f"new{CONTRACT_SUFFIX}"
        new.write_text(text, encoding="utf-8")
        try:
            return compare_files(load_contracts(sheet.file), load_contracts(new))
        except ContractError as error:
            raise ContractError(str(error).replace(str(new), "line")) from None


@dataclass(frozen=True, slots=True)
class MutationStep:
    """How far a mutation test has come: the clause that was just tested, of how many."""

    done: int
    total: int
    result: MutationResult


def mutate(store: Store, settings: Settings, dataset: str) -> Iterator[MutationStep]:
    """Test the contract of a dataset with mutants of its newest good batch, clause by clause.

    Raises:
        SettingsError: the dataset has no contract, or no batch to mutate.
    """
    found = find_dataset(settings, dataset)
    if found.contract is None:
        raise SettingsError(f"There is no contract for {dataset!r}: there is nothing to mutate.")
    data = _newest_rows(store, found)
    if data is None:
        raise SettingsError(f"{dataset} has no batch yet: mutants are made from good rows.")
    data = data.slice(0, MUTANT_ROWS)
    now = datetime.now(UTC)
    clauses = found.contract.clauses
    for done, clause in enumerate(clauses, start=1):
        report = mutation_test(replace(found.contract, clauses=(clause,)), data, now=now)
        yield MutationStep(done, len(clauses), report.results[0])


def _newest_rows(store: Store, dataset: Dataset) -> pa.Table | None:
    """Rows of the newest good run, or of the newest batch of a source that is no files."""
    batch = newest_batch(store, dataset.name)
    if batch is not None:
        return batch.rows
    rows = store.rows(NEWEST_GOOD, {"dataset": dataset.name})
    runs = loaded_runs(store, dataset, [row["run_id"] for row in rows])
    return next((table for chunk in run_tables(store, dataset, runs) for _, table in chunk), None)


def report_of(steps: list[MutationStep]) -> MutationReport:
    """Put the results of a whole test together."""
    return MutationReport(tuple(step.result for step in steps))
