"""Baselines made anew for many series at once, from stored metrics and with no look at the data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dqm_assets.errors import SettingsError
from dqm_assets.quality._kernel import ffi, lib
from dqm_assets.quality.baselines.series_kernel import VERDICT, SeriesSettings, pointer
from dqm_assets.quality.profile_arrow import check
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.transform import ValueKind


@dataclass(frozen=True)
class Expectations:
    """What is expected of k series at one time, arrays of shape (k,); NaN where too few points are known."""

    expected: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    scale: np.ndarray


def rebaseline(
    ts: np.ndarray,
    values: np.ndarray,
    at: float,
    *,
    method: str,
    sensitivity: Sensitivity,
    kind: ValueKind | None = None,
    options: Mapping[str, float] | None = None,
) -> Expectations:
    """Fit k series, each over the same n times, as if their points had been learned as normal ones.

    Args:
        ts: seconds since 1970 UTC, ascending, float64, shape (n,).
        values: finite, float64, shape (k, n).
        at: the time that the answer is for, seconds since 1970 UTC.
        method, sensitivity, kind, options: as for ``Detector``.

    Raises:
        SettingsError: unknown method or option, shapes that do not fit, or values that are not finite.
    """
    times, rows = np.ascontiguousarray(ts, np.float64), np.ascontiguousarray(values, np.float64)
    if rows.ndim != 2 or rows.shape[1] != times.size or not np.all(np.isfinite(rows)):  # noqa: PLR2004
        raise SettingsError(
            f"To re-baseline, values must be finite and one row of {times.size} per series, got {rows.shape}."
        )
    settings = SeriesSettings(method, sensitivity, kind, options or {}).to_kernel()
    found, error = np.empty(rows.shape[0], VERDICT), ffi.new("dqm_error *")
    if found.size:
        done = lib.dqm_series_refit(
            settings,
            found.size,
            times.size,
            pointer(times, "double *"),
            pointer(rows, "double *"),
            at,
            pointer(found, "dqm_series_verdict *"),
            error,
        )
        check(done, error, "the series cannot be re-baselined")
    return Expectations(found["expected"], found["lower"], found["upper"], found["scale"])
