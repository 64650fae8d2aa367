"""Load: claimed files → raw rows, quarantined rows, and a line in the run registry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce

import pyarrow as pa

from dqm_assets.errors import SourceError
from dqm_assets.ingest import (
    Claim,
    Landing,
    ParsedFile,
    Reject,
    conform,
    read_file,
    widen_schema,
    without_empty_columns,
)
from dqm_assets.pipeline.claims import without_duplicates
from dqm_assets.pipeline.data_time import data_time
from dqm_assets.pipeline.datasets import Dataset, register_source
from dqm_assets.pipeline.drift_quarantine import kept_by_policy
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.pipeline.schema_history import ArrivedSchema, blocking_reasons, schema_rows
from dqm_assets.pipeline.seen_columns import seen_columns
from dqm_assets.pipeline.undated import places
from dqm_assets.pipeline.usual_types import UsualTypes
from dqm_assets.quality.drift import SeenColumn
from dqm_assets.store import Store
from dqm_assets.store.quarantine_row import QuarantineRow

#: Runs are committed together up to this much source text, so that memory stays bounded
#: and a thousand small files do not become a thousand commits.
CHUNK_BYTES = 64 * 2**20
CHUNK_RUNS = 250

WHOLE_FILE = 0

_BOOKKEEPING = pa.schema(
    [("_run_id", pa.string()), ("_line", pa.int64()), ("_loaded_at", pa.timestamp("us", tz="UTC"))]
)


@dataclass(frozen=True)
class RunRow:
    """A line of ``metrics.runs`` as the load stage knows it; the judge adds the verdict."""

    dataset: str
    run_id: str
    file: str
    file_sha256: str
    file_bytes: int
    ts: datetime
    landed_at: datetime
    registered_at: datetime
    rows_in: int
    rows_loaded: int
    rows_quarantined: int
    dialect: str
    status: str
    reasons: str
    dagster_run_id: str
    simulated: bool


@dataclass
class LoadSummary:
    """What a load did, for logs, metadata and exit codes."""

    loaded: list[str] = field(default_factory=list)
    quarantined_files: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0


@dataclass(frozen=True)
class _Prepared:
    claim: Claim
    run: RunRow
    quarantine: tuple[QuarantineRow, ...]
    rows: pa.Table | None
    columns: tuple[SeenColumn, ...] = ()


def load_runs(
    store: Store, landing: Landing, dataset: Dataset, claims: Sequence[Claim], *, dagster_run_id: str = ""
) -> LoadSummary:
    """Load claimed files into the raw table; loading the same claim again leaves the same rows.

    A row that does not parse goes to quarantine with its line and reason; a file that
    cannot be read at all is quarantined whole; a file whose content is registered
    under another run already is put away as a duplicate. The files are moved only
    after the rows are committed, so a killed load is simply repeated.

    Args:
        store: The open store.
        landing: The landing folder that the claims come from.
        dataset: The dataset of all the claims.
        claims: Claimed files.
        dagster_run_id: Dagster run that loads them, for the registry.
    """
    summary = LoadSummary()
    _register_dataset(store, dataset)
    for chunk in _chunks(claims):
        # One load of a dataset at a time: two at once would both take the same content for new, and one
        # would move a file away under the other's reading.
        with store.locked(f"load:{dataset.name}"):
            here = [_where_now(landing, claim) for claim in chunk]
            fresh = without_duplicates(store, landing, dataset, here)
            summary.duplicates += [claim.run_id for claim in here if claim not in fresh]
            known = store.ensure_table(dataset.raw_table, _BOOKKEEPING)
            usual = UsualTypes.of(store, dataset, known)
            read = [_prepare(dataset, claim, known, usual, dagster_run_id) for claim in fresh]
            prepared = _with_verdicts(store, dataset, _in_place(store, dataset, read))
            _commit(store, dataset, prepared)
            for item in prepared:
                _put_away(landing, item, summary)
    return summary


def _where_now(landing: Landing, claim: Claim) -> Claim:
    """The claim as it is after waiting: another process may have loaded it and put it away meanwhile."""
    if claim.path.exists():
        return claim
    return landing.locate(claim.dataset, claim.run_id) or claim


def _register_dataset(store: Store, dataset: Dataset) -> None:
    register_source(
        store,
        dataset.name,
        dataset.raw_table,
        dataset.owner,
        str(dataset.contract_path or ""),
        dataset.description,
        timestamp_column=dataset.timestamp_column,
        discovered=dataset.contract is None,
    )


def _chunks(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    chunk: list[Claim] = []
    size = 0
    for claim in claims:
        if chunk and (size + claim.bytes > CHUNK_BYTES or len(chunk) >= CHUNK_RUNS):
            yield chunk
            chunk, size = [], 0
        chunk.append(claim)
        size += claim.bytes
    if chunk:
        yield chunk


def _in_place(store: Store, dataset: Dataset, prepared: Sequence[_Prepared]) -> list[_Prepared]:
    """Put files without a time of their own where they belong among the others."""
    readable = [item.run for item in prepared if item.rows is not None]
    undated = {
        item.run.run_id
        for item in prepared
        if item.rows is not None and item.run.ts == datetime.fromtimestamp(item.claim.mtime, UTC)
    }
    placed = places(store, dataset.name, readable, undated)
    return [
        replace(item, run=replace(item.run, ts=placed.get(item.run.run_id, item.run.ts))) for item in prepared
    ]


def _with_verdicts(store: Store, dataset: Dataset, prepared: Sequence[_Prepared]) -> list[_Prepared]:
    """Let a run that is loaded again with the same outcome keep its verdict."""
    stored = {
        row["run_id"]: row
        for row in store.rows(
            "SELECT run_id, status, reasons, rows_in, rows_loaded, rows_quarantined FROM metrics.runs "
            "WHERE dataset = ? AND status IN ('GOOD', 'BAD') AND list_contains(?, run_id)",
            [dataset.name, [item.run.run_id for item in prepared]],
        )
    }
    counts = ("rows_in", "rows_loaded", "rows_quarantined")
    kept = []
    for item in prepared:
        row = stored.get(item.run.run_id)
        if row is not None and all(row[name] == getattr(item.run, name) for name in counts):
            kept.append(replace(item, run=replace(item.run, status=row["status"], reasons=row["reasons"])))
        else:
            kept.append(item)
    return kept


def _prepare(
    dataset: Dataset, claim: Claim, known: pa.Schema, usual: UsualTypes, dagster_run_id: str
) -> _Prepared:
    now = datetime.now(UTC)
    modified = datetime.fromtimestamp(claim.mtime, UTC)
    # A copied file may carry an old modification time; its inode changed when it was claimed.
    landed = datetime.fromtimestamp(claim.path.stat().st_ctime, UTC)

    def run_row(
        parsed: ParsedFile | None, status: str, reasons: list[dict[str, str]], ts: datetime
    ) -> RunRow:
        return RunRow(
            dataset=dataset.name,
            run_id=claim.run_id,
            file=claim.original_name,
            file_sha256=claim.sha256,
            file_bytes=claim.bytes,
            ts=ts,
            landed_at=landed,
            registered_at=now,
            rows_in=parsed.rows_in if parsed else 0,
            rows_loaded=parsed.rows_loaded if parsed else 0,
            rows_quarantined=parsed.rows_rejected if parsed else 0,
            dialect=as_json(parsed.dialect.as_dict()) if parsed else "{}",
            status=status,
            reasons=as_json(reasons),
            dagster_run_id=dagster_run_id,
            simulated=claim.simulated,
        )

    try:
        parsed = read_file(claim.path, columns=_columns_to_read(dataset, known), usual=usual.types)
        usual.add(parsed.columns_seen)
        columns = seen_columns(parsed)
        parsed = kept_by_policy(dataset.contract, parsed, columns)
    except SourceError as error:
        reason = {"code": error.code, "column": "", "metric": "", "message": str(error)}
        whole = QuarantineRow(
            dataset.name, claim.run_id, WHOLE_FILE, "", claim.original_name, error.code, str(error), "", now
        )
        return _Prepared(claim, run_row(None, "QUARANTINED", [reason], modified), (whole,), None)

    rejected = tuple(_quarantine_row(dataset, claim, reject, now) for reject in parsed.rejects)
    ts = data_time(parsed.table, claim.original_name, modified, dataset.timestamp_column)
    rows = _with_bookkeeping(without_empty_columns(parsed.table), claim.run_id, now)
    return _Prepared(claim, run_row(parsed, "LOADED", [], ts), rejected, rows, columns)


def _columns_to_read(dataset: Dataset, known: pa.Schema) -> dict[str, pa.DataType]:
    """Types the reader must use: the contract's; text stays text once a column has held text."""
    declared = dict(dataset.contract.columns) if dataset.contract else {}
    as_text = {column.name: column.type for column in known if pa.types.is_string(column.type)}
    return {**as_text, **declared}


def _quarantine_row(dataset: Dataset, claim: Claim, reject: Reject, now: datetime) -> QuarantineRow:
    return QuarantineRow(
        dataset=dataset.name,
        run_id=claim.run_id,
        line=reject.line,
        column_name=reject.column or "",
        file=claim.original_name,
        code=reject.code,
        reason=reject.reason,
        raw_text=reject.raw_text,
        quarantined_at=now,
    )


def _with_bookkeeping(table: pa.Table, run_id: str, now: datetime) -> pa.Table:
    count = table.num_rows
    table = table.append_column("_run_id", pa.repeat(pa.scalar(run_id), count))
    return table.append_column("_loaded_at", pa.repeat(pa.scalar(now, pa.timestamp("us", tz="UTC")), count))


def _commit(store: Store, dataset: Dataset, prepared: Sequence[_Prepared]) -> None:
    """Commit the rows of all runs, their quarantine and their registry lines, or nothing."""
    if not prepared:
        return
    parts = [item.rows for item in prepared if item.rows is not None]
    rows = None
    if parts:
        wanted = reduce(widen_schema, (part.schema for part in parts))
        schema = store.ensure_table(dataset.raw_table, wanted)
        rows = pa.concat_tables([conform(part, schema) for part in parts])
    run_ids = [item.claim.run_id for item in prepared]
    arrived = [
        ArrivedSchema(item.run.run_id, item.run.ts, item.columns, item.rows)
        for item in prepared
        if item.columns
    ]
    schemas = schema_rows(store, dataset, arrived)
    blocked = {row.run_id: reasons for row in schemas if (reasons := blocking_reasons(row))}
    runs = [
        replace(item.run, status="BLOCKED", reasons=as_json(blocked[item.run.run_id]))
        if item.run.run_id in blocked
        else item.run
        for item in prepared
    ]
    with store.transaction("raw.quarantine", "metrics.runs", "monitoring.schema_history") as tx:
        if rows is not None:
            tx.replace(dataset.raw_table, rows, batch=run_ids)
        marks = ", ".join("?" for _ in run_ids)
        tx.delete(
            "raw.quarantine", where=f"dataset = ? AND run_id IN ({marks})", params=[dataset.name, *run_ids]
        )
        rejected = [row for item in prepared for row in item.quarantine]
        upsert_rows(tx, "raw.quarantine", rejected)
        upsert_rows(tx, "metrics.runs", runs)
        upsert_rows(tx, "monitoring.schema_history", schemas)


def _put_away(landing: Landing, item: _Prepared, summary: LoadSummary) -> None:
    if item.rows is None:
        landing.quarantine(item.claim)
        summary.quarantined_files.append(item.claim.run_id)
        return
    landing.archive(item.claim)
    summary.loaded.append(item.claim.run_id)
    summary.rows_in += item.run.rows_in
    summary.rows_loaded += item.run.rows_loaded
    summary.rows_quarantined += item.run.rows_quarantined
