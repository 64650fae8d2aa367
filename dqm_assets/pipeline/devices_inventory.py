"""The inventory of the fleet: which devices there are, loaded whole from a file or from the API."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from dqm_assets.errors import SourceError
from dqm_assets.sources.devices.segments import DIMENSIONS, dimensions_of
from dqm_assets.sources.devices.snapshot import SegmentKey
from dqm_assets.sources.simulated import SIMULATED_HEADER
from dqm_assets.store import Store

#: What the contract of the inventory calls it; the snapshots are the dataset `devices`.
DATASET = "device_inventory"
INVENTORY_PATH = "/devices.csv"
_TIMEOUT_SECONDS = 120.0
_SCHEMA = pa.schema(
    {
        "device_code": pa.string(),
        "acquisition_sequence": pa.string(),
        "branch_id": pa.string(),
        "state": pa.string(),
        "has_error": pa.bool_(),
        "machine_type": pa.string(),
        "machine_model": pa.string(),
        "supplier": pa.string(),
        "network_address": pa.string(),
        "operating_system": pa.string(),
        "os_version": pa.string(),
        "acquisition_date": pa.date32(),
        "last_connection_ts": pa.timestamp("us", tz="UTC"),
    }
)

_CELLS = "SELECT {columns}, count(*) AS devices FROM raw.devices GROUP BY ALL"


@dataclass(frozen=True)
class InventorySummary:
    """What loading an inventory did."""

    devices: int
    repeated: int
    simulated: bool


def read_inventory(path: Path) -> pa.Table:
    """Read an inventory from a CSV or Parquet file.

    Raises:
        SourceError: the file cannot be read, or lacks columns.
    """
    try:
        if path.suffix == ".parquet":
            return _typed(pq.read_table(path), str(path))
        return _parsed(path.read_bytes(), str(path))
    except (OSError, pa.ArrowInvalid) as error:
        raise SourceError(f"The inventory {path} cannot be read: {error}.") from error


def fetch_inventory(base_url: str) -> tuple[pa.Table, bool]:
    """Ask the device API for the inventory; says too whether it is a simulated one.

    Raises:
        SourceError: the API does not give one.
    """
    url = f"{base_url.rstrip('/')}{INVENTORY_PATH}"
    try:
        answer = httpx.get(url, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise SourceError(
            f"No inventory from {url}: {error}. Load a file with `dqm devices inventory FILE`.", "unreachable"
        ) from error
    return _parsed(answer.content, url), answer.headers.get(SIMULATED_HEADER) == "true"


def load_inventory(store: Store, devices: pa.Table, *, simulated: bool = False) -> InventorySummary:
    """Make these the devices there are; of a code that comes twice the last one counts.

    Raises:
        SourceError: there is no device in it.
    """
    codes = devices["device_code"].to_pylist()
    last = {code: place for place, code in enumerate(codes) if code}
    if not last:
        raise SourceError("The inventory holds no device: nothing was changed.", "empty_file")
    kept = devices if len(last) == len(codes) else devices.take(pa.array(sorted(last.values())))
    now = pa.array([datetime.now(UTC)] * kept.num_rows, pa.timestamp("us", tz="UTC"))
    with store.transaction() as tx:
        tx.delete("raw.devices", "device_code IS NOT NULL")
        tx.append("raw.devices", kept.append_column("loaded_at", now))
    return InventorySummary(kept.num_rows, len(codes) - kept.num_rows, simulated)


def ensure_inventory(store: Store, base_url: str) -> InventorySummary | None:
    """Load the inventory that the API offers, unless there is one.

    Raises:
        SourceError: there is none, and the API gives none.
    """
    if store.rows("SELECT 1 AS one FROM raw.devices LIMIT 1"):
        return None
    devices, simulated = fetch_inventory(base_url)
    return load_inventory(store, devices, simulated=simulated)


def inventory_counts(store: Store, segments: tuple[str, ...]) -> Mapping[SegmentKey, int]:
    """Devices there are, by the values of these segments; empty without an inventory."""
    columns = tuple(DIMENSIONS.values())
    cells = store.query(_CELLS.format(columns=", ".join(columns)))
    values = {dimension: cells[column].to_pylist() for dimension, column in DIMENSIONS.items()}
    devices = cells["devices"].to_pylist()
    counts: dict[SegmentKey, int] = {}
    for segment in segments:
        for combined in zip(*(values[each] for each in dimensions_of(segment)), devices, strict=True):
            key = SegmentKey(segment, tuple(combined[:-1]))
            counts[key] = counts.get(key, 0) + combined[-1]
    return counts


def _parsed(text: bytes, where: str) -> pa.Table:
    convert = pacsv.ConvertOptions(column_types=_SCHEMA, strings_can_be_null=False)
    try:
        return _typed(pacsv.read_csv(io.BytesIO(text), convert_options=convert), where)
    except pa.ArrowInvalid as error:
        raise SourceError(f"The inventory {where} is no CSV of devices: {error}.") from error


def _typed(table: pa.Table, where: str) -> pa.Table:
    missing = [name for name in _SCHEMA.names if name not in table.column_names]
    if missing:
        raise SourceError(f"The inventory {where} lacks the columns {', '.join(missing)}.")
    try:
        return table.select(_SCHEMA.names).cast(_SCHEMA)
    except pa.ArrowInvalid as error:
        raise SourceError(f"The inventory {where} has a value of another type: {error}.") from error
