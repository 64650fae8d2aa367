"""Collecting snapshots: due times → device API → payload, flat file and segment counts."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

import pyarrow as pa

from dqm_assets.errors import SourceError
from dqm_assets.pipeline.attempts import Attempt
from dqm_assets.pipeline.datasets import register_source
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.sources.devices.client import Collected, DeviceClient, Question
from dqm_assets.sources.devices.clock import Clock
from dqm_assets.sources.devices.flat_file import dimension_columns, remove_old_files, write_flat_file
from dqm_assets.sources.devices.snapshot import SegmentKey, Snapshot
from dqm_assets.store import Store

DATASET, TABLE = "devices", "raw.segment_timeseries"
DESCRIPTION = "Connected devices of the fleet, by segment, minute by minute."
#: Snapshots that are committed together when there are many.
_TOGETHER = 40
_LONGEST_TEXT = 4096

_LAST = "SELECT max(ts) AS last FROM raw.device_payloads"


@dataclass(frozen=True)
class PayloadRow:
    """A line of ``raw.device_payloads``."""

    ts: datetime
    received_at: datetime
    question: str
    payload: str
    requests: int
    simulated: bool


@dataclass(frozen=True)
class RejectionRow:
    """A line of ``raw.quarantine``: an answer that was turned down before the right one came."""

    dataset: str
    run_id: str
    line: int
    column_name: str
    file: str
    code: str
    reason: str
    raw_text: str
    quarantined_at: datetime


@dataclass(frozen=True)
class CollectSummary:
    """What a collection did.

    Attributes:
        times: snapshots that were stored, ascending.
        rows: segment counts in them.
        requests: requests that it took.
        rejected: answers that were turned down.
        simulated: whether the source made the data up.
    """

    times: tuple[datetime, ...] = ()
    rows: int = 0
    requests: int = 0
    rejected: int = 0
    simulated: bool = False


def last_collected(store: Store) -> datetime | None:
    """Time of the newest snapshot in the store."""
    return store.rows(_LAST)[0]["last"]


def collect(
    store: Store,
    clients: Sequence[DeviceClient],
    times: Sequence[datetime],
    folder: Path,
    current: Attempt,
    *,
    owner: str = "",
    contract: str = "",
) -> CollectSummary:
    """Collect the snapshots of some times; each is stored once, however often it is asked for.

    Snapshots are stored in order: when one cannot be had those before it are kept, and those after it are
    asked for again the next time.

    Args:
        store: The open store.
        clients: Each asks for one snapshot at a time; all have the same question.
        times: Times of the snapshots, ascending, UTC.
        folder: Where flat files go.
        current: The attempt that this is; its stage and details are set.
        owner: Who is told.
        contract: Path of the contract.

    Raises:
        SourceError: a snapshot could not be had; those before it are stored.
    """
    current.stage = "extract"
    done = CollectSummary()
    fetched = _fetched(clients, times)
    while chunk := list(islice(fetched, _TOGETHER)):
        good = [each for each in chunk if isinstance(each, Collected)]
        if good:
            current.stage = "store"
            _store(store, good, clients[0].question, folder)
            done = _added(done, good)
            current.simulated = done.simulated
            current.details.update(snapshots=len(done.times), rows=done.rows, requests=done.requests)
            current.stage = "extract"
        failed = [each for each in chunk if isinstance(each, SourceError)]
        if failed:
            raise failed[0]
    current.stage = "store"
    if done.times:
        register_source(
            store, DATASET, TABLE, owner, contract, DESCRIPTION, done.simulated, timestamp_column="ts"
        )
        remove_old_files(folder, done.times[-1], store.settings.retention_days)
    return done


def due_times(store: Store, clock: Clock) -> tuple[datetime, ...]:
    """Times of the snapshots that are due."""
    return clock.due(last_collected(store))


def _fetched(clients: Sequence[DeviceClient], times: Sequence[datetime]) -> Iterator[Collected | SourceError]:
    """Snapshots in the order of their times, asked for ahead; ends after the first that cannot be had."""
    free: SimpleQueue[DeviceClient] = SimpleQueue()
    for client in clients:
        free.put(client)

    def ask(moment: datetime) -> Collected:
        client = free.get()
        try:
            return client.snapshot(moment)
        finally:
            free.put(client)

    with ThreadPoolExecutor(len(clients), thread_name_prefix="devices") as pool:
        asked: list[Future[Collected]] = [pool.submit(ask, moment) for moment in times]
        try:
            for future in asked:
                try:
                    yield future.result()
                except SourceError as error:
                    yield error
                    return
        finally:
            for future in asked:
                future.cancel()


def _store(store: Store, collected: Sequence[Collected], question: Question, folder: Path) -> None:
    for each in collected:
        write_flat_file(folder, each.snapshot)
    with store.transaction() as tx:
        tx.upsert(TABLE, _count_rows(collected))
        upsert_rows(tx, "raw.device_payloads", [_payload_row(each, question) for each in collected])
        upsert_rows(tx, "raw.quarantine", [row for each in collected for row in _rejections(each)])


def _count_rows(collected: Sequence[Collected]) -> pa.Table:
    return pa.concat_tables(_snapshot_rows(each.snapshot) for each in collected)


def _snapshot_rows(snapshot: Snapshot) -> pa.Table:
    keys = _key_columns(tuple(snapshot.counts))
    ts = pa.repeat(pa.scalar(snapshot.ts, pa.timestamp("us", tz="UTC")), keys.num_rows)
    counts = pa.array(list(snapshot.counts.values()), pa.int64())
    return keys.append_column("ts", ts).append_column("count", counts)


@lru_cache(maxsize=16)
def _key_columns(keys: tuple[SegmentKey, ...]) -> pa.Table:
    """The columns that are the same in every snapshot of a fleet."""
    rows = [(key.segment, *dimension_columns(key)) for key in keys]
    names = ["segment", *(f"dim{place}_{part}" for place in (1, 2, 3) for part in ("name", "value"))]
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(part, pa.string()) for name, part in zip(names, columns, strict=True)})


def _payload_row(each: Collected, question: Question) -> PayloadRow:
    snapshot = each.snapshot
    return PayloadRow(
        snapshot.ts,
        each.received_at,
        as_json(question.body(snapshot.ts)),
        each.payload,
        each.requests,
        snapshot.simulated,
    )


def _rejections(each: Collected) -> Iterator[RejectionRow]:
    for place, rejection in enumerate(each.rejected, start=1):
        yield RejectionRow(
            DATASET,
            each.snapshot.ts.isoformat(),
            place,
            "",
            "segment-stats",
            rejection.code,
            rejection.reason,
            rejection.payload[:_LONGEST_TEXT],
            each.received_at,
        )


def _added(done: CollectSummary, collected: Sequence[Collected]) -> CollectSummary:
    return CollectSummary(
        (*done.times, *(each.snapshot.ts for each in collected)),
        done.rows + sum(len(each.snapshot.counts) for each in collected),
        done.requests + sum(each.requests for each in collected),
        done.rejected + sum(len(each.rejected) for each in collected),
        any(each.snapshot.simulated for each in collected),
    )
