"""A fleet of devices: an inventory whose columns depend on each other as in a real one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dqm_assets.errors import SettingsError
from dqm_assets.simulate.fleet_catalogue import (
    MODELS,
    STATES,
    SUPPLIERS,
    SYSTEMS,
    TYPES,
    UPGRADED,
    VERSIONS,
    model_weights,
    state_weights,
)

#: Codes have six digits for each type.
MOST_DEVICES = 2_000_000
_DEVICES_A_BRANCH = 14
_MOST_BRANCHES = 90_000
_VERSION_NAMES = tuple(sorted({version for versions in VERSIONS.values() for version, _ in versions}))
#: Hosts of a network 10.x.y.0/24.
_HOSTS = 254
#: Number of the first branch; all have five digits.
FIRST_BRANCH = 10_001


@dataclass(frozen=True)
class Fleet:
    """Devices as codes into the catalogue; every array has shape (devices,).

    Attributes:
        as_of: time of the inventory, UTC; no device is younger.
        state, machine_type, model, supplier, system, version: uint8, place of the value in ``values``.
        branch: int32, number of the branch from 0; a branch is in one state.
        has_error: bool.
        acquired: datetime64[D].
        diligence: float32 in [0, 1): a device is switched on while the share that is on exceeds it.
        salt: uint32, the device's own random number, from which its failures follow.
    """

    as_of: datetime
    state: np.ndarray
    machine_type: np.ndarray
    model: np.ndarray
    supplier: np.ndarray
    system: np.ndarray
    version: np.ndarray
    branch: np.ndarray
    has_error: np.ndarray
    acquired: np.ndarray
    diligence: np.ndarray
    salt: np.ndarray

    @property
    def devices(self) -> int:
        """How many devices there are."""
        return len(self.state)

    @property
    def values(self) -> Mapping[str, tuple[str, ...]]:
        """Values of each inventory column that segments are made of, in the order of their codes."""
        return {
            "state": tuple(state.code for state in STATES),
            "machine_type": tuple(kind.name for kind in TYPES),
            "supplier": SUPPLIERS,
            "operating_system": SYSTEMS,
            "machine_model": tuple(model.name for model in MODELS),
            "os_version": _VERSION_NAMES,
        }

    @property
    def codes(self) -> Mapping[str, np.ndarray]:
        """Codes of the columns of ``values``."""
        return {
            "state": self.state,
            "machine_type": self.machine_type,
            "supplier": self.supplier,
            "operating_system": self.system,
            "machine_model": self.model,
            "os_version": self.version,
        }

    @cached_property
    def branch_ids(self) -> pa.Array:
        """Branch of each device, five digits."""
        return _digits(self.branch + FIRST_BRANCH, 5)

    def inventory(self, last_connection: np.ndarray) -> pa.Table:
        """The fleet as the inventory has it, one row per device, in the order of the contract.

        Args:
            last_connection: datetime64[s], UTC, shape (devices,).
        """
        text = {
            column: pa.DictionaryArray.from_arrays(pa.array(codes), list(self.values[column])).cast(
                pa.string()
            )
            for column, codes in self.codes.items()
        }
        dates = pa.array(self.acquired)
        joined = pc.binary_join_element_wise(self.branch_ids, pc.strftime(dates, "%Y%m%d"), "")
        columns: dict[str, pa.Array] = {
            "device_code": self._device_codes(),
            "acquisition_sequence": joined,
            "branch_id": self.branch_ids,
            "state": text["state"],
            "has_error": pa.array(self.has_error),
            "machine_type": text["machine_type"],
            "machine_model": text["machine_model"],
            "supplier": text["supplier"],
            "network_address": self._addresses(),
            "operating_system": text["operating_system"],
            "os_version": text["os_version"],
            "acquisition_date": dates,
            "last_connection_ts": pa.array(last_connection).cast(pa.timestamp("s", tz="UTC")),
        }
        return pa.table(columns)

    def _device_codes(self) -> pa.Array:
        """Two letters of the type and a number that grows with the date of acquisition."""
        order = np.lexsort((self.acquired, self.machine_type))
        first = np.searchsorted(self.machine_type[order], np.arange(len(TYPES)))
        number = np.empty(self.devices, dtype=np.int64)
        number[order] = np.arange(self.devices) - first[self.machine_type[order]]
        letters = pa.DictionaryArray.from_arrays(
            pa.array(self.machine_type), [kind.letters for kind in TYPES]
        ).cast(pa.string())
        return pc.binary_join_element_wise(letters, _digits(number, 6), "")

    def _addresses(self) -> pa.Array:
        """A private IPv4 address each; devices of a branch are neighbours."""
        place = np.empty(self.devices, dtype=np.int64)
        place[np.argsort(self.branch, kind="stable")] = np.arange(self.devices)
        network, host = np.divmod(place + self.branch, _HOSTS)
        parts = [pa.array(part).cast(pa.string()) for part in (network >> 8, network & 255, host + 1)]
        return pc.binary_join_element_wise("10", *parts, ".")


def make_fleet(devices: int = 4000, *, seed: int = 7, as_of: datetime | None = None) -> Fleet:
    """Make a fleet; the same arguments give the same fleet.

    Models belong to suppliers and types, versions to systems and years of acquisition, branches to states;
    suppliers are stronger in some regions; old devices fail more often.

    Raises:
        SettingsError: fewer than one device or more than codes allow.
    """
    if not 1 <= devices <= MOST_DEVICES:
        raise SettingsError(f"A fleet has 1 to {MOST_DEVICES:,} devices, not {devices:,}.")
    rng = np.random.default_rng([seed, 1])
    as_of = (as_of or datetime(2026, 1, 1, tzinfo=UTC)).astimezone(UTC)
    branch, state = _places(rng, devices)
    machine_type = rng.choice(len(TYPES), devices, p=[kind.weight for kind in TYPES]).astype(np.uint8)
    model = _models(rng, machine_type, state)
    suppliers = np.array([SUPPLIERS.index(m.supplier) for m in MODELS], dtype=np.uint8)
    acquired = _acquired(rng, model, as_of)
    system = _systems(rng, model)
    return Fleet(
        as_of=as_of,
        state=state,
        machine_type=machine_type,
        model=model,
        supplier=suppliers[model],
        system=system,
        version=_versions(rng, system, acquired),
        branch=branch,
        has_error=_errors(rng, model, acquired, as_of),
        acquired=acquired,
        diligence=rng.random(devices, dtype=np.float32),
        salt=rng.integers(0, 2**32, devices, dtype=np.uint32),
    )


def scrambled(salt: np.ndarray, number: int) -> np.ndarray:
    """Random numbers that follow from each device's salt and a number: uint32, the shape of ``salt``.

    Mixes as the finaliser of MurmurHash3 does (A. Appleby), which turns any input bit into all output bits.
    """
    mixed = salt ^ np.uint32((number * 0x9E37_79B1) & 0xFFFF_FFFF)
    for shift, factor in ((16, 0x85EB_CA6B), (13, 0xC2B2_AE35)):
        mixed ^= mixed >> np.uint32(shift)
        mixed *= np.uint32(factor)
    mixed ^= mixed >> np.uint32(16)
    return mixed


def _places(rng: np.random.Generator, devices: int) -> tuple[np.ndarray, np.ndarray]:
    """Branch and state of each device; states by population, branches of a state of unequal size."""
    state = rng.choice(len(STATES), devices, p=state_weights()).astype(np.uint8)
    wanted = np.ceil(np.bincount(state, minlength=len(STATES)) / _DEVICES_A_BRANCH)
    branches = np.maximum(1, wanted * min(1.0, (_MOST_BRANCHES - len(STATES)) / wanted.sum())).astype(
        np.int64
    )
    first = np.concatenate(([0], np.cumsum(branches)[:-1]))
    # The square makes the first branches of a state the large ones.
    within = (rng.random(devices) ** 2 * branches[state]).astype(np.int64)
    return (first[state] + within).astype(np.int32), state


def _models(rng: np.random.Generator, machine_type: np.ndarray, state: np.ndarray) -> np.ndarray:
    regions = sorted({s.region for s in STATES})
    region = np.array([regions.index(s.region) for s in STATES], dtype=np.uint8)[state]
    drawn = rng.random(len(state))
    model = np.empty(len(state), dtype=np.uint8)
    for code, kind in enumerate(TYPES):
        for place, name in enumerate(regions):
            here = (machine_type == code) & (region == place)
            bounds = np.cumsum(model_weights(kind.name, name))
            model[here] = np.minimum(np.searchsorted(bounds, drawn[here], side="right"), len(MODELS) - 1)
    return model


def _acquired(rng: np.random.Generator, model: np.ndarray, as_of: datetime) -> np.ndarray:
    """Bought between the model's first year and yesterday, more often lately."""
    last = np.datetime64(as_of.date()) - np.timedelta64(1, "D")
    first = np.array([np.datetime64(f"{m.since}-01-01") for m in MODELS])[model]
    span = np.maximum((last - first).astype(np.int64), 0)
    return first + (span * rng.random(len(model)) ** 0.7).astype("timedelta64[D]")


def _systems(rng: np.random.Generator, model: np.ndarray) -> np.ndarray:
    shares = np.array([[dict(m.systems).get(name, 0.0) for name in SYSTEMS] for m in MODELS])
    bounds = np.cumsum(shares, axis=1)[model]
    return (rng.random(len(model))[:, None] >= bounds[:, :-1]).sum(axis=1).astype(np.uint8)


def _versions(rng: np.random.Generator, system: np.ndarray, acquired: np.ndarray) -> np.ndarray:
    """The version that was current when the device was bought, or the next one."""
    year = acquired.astype("datetime64[Y]").astype(np.int64) + 1970
    upgraded = rng.random(len(system)) < UPGRADED
    version = np.empty(len(system), dtype=np.uint8)
    for code, name in enumerate(SYSTEMS):
        here = system == code
        known = VERSIONS[name]
        place = np.searchsorted([since for _, since in known], year[here], side="right") - 1
        place = np.minimum(np.maximum(place, 0) + upgraded[here], len(known) - 1)
        version[here] = np.array([_VERSION_NAMES.index(v) for v, _ in known], dtype=np.uint8)[place]
    return version


def _errors(rng: np.random.Generator, model: np.ndarray, acquired: np.ndarray, as_of: datetime) -> np.ndarray:
    years = (np.datetime64(as_of.date()) - acquired).astype(np.int64) / 365.25
    rate = np.array([m.error_rate for m in MODELS])[model] * (0.6 + 0.1 * years)
    return rng.random(len(model)) < rate


def _digits(numbers: np.ndarray, width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=width, padding="0")
