"""Detector runs as CSV files, with faults of known kind, place and strength in some of them."""

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from dqm_assets.ingest.landing import SIMULATED_PREFIX
from dqm_assets.simulate.anomalies import CHANNELS, Anomaly, AnomalyPlan, inject

SENSORS = ("north", "east", "south", "west")
TRUTH_COLUMNS = ("file", "run", "anomalous", "kind", "column", "start_row", "end_row", "strength")

#: Level and standard deviation of the noise of each channel.
LEVELS = {"value": (20.0, 0.8), "ch1": (100.0, 5.0), "ch2": (0.5, 0.02), "ch3": (35.0, 1.2)}
#: Benign variation, in standard deviations of the channel's noise.
DAY_CYCLE, SLOW_DRIFT, SENSOR_OFFSET = 0.25, 0.15, 0.5
_DRIFT_PERIOD = timedelta(days=17)
#: The number of rows varies by this share.
_ROW_SPREAD = 0.01
#: Digits after the point, as an instrument gives them.
_DIGITS = 4
#: In an endless series the truth file runs ahead of the files by up to this many runs.
TRUTH_BLOCK = 100
# Streams of random numbers that must not repeat each other.
_OFFSETS, _ROWS, _NOISE = range(1, 4)


@dataclass(frozen=True)
class SimulatedRun:
    """One run: its file's name, its rows, and the fault in it."""

    index: int
    name: str
    table: pa.Table
    """timestamp[ms, UTC], sensor (string), value, ch1, ch2, ch3 (float64, a lost reading is null)."""
    anomaly: Anomaly | None


@dataclass(frozen=True)
class RunSeries:
    """An endless series of runs; a run depends on the series and its number only, never on other runs.

    Each run covers ``interval`` from ``start + index × interval``, its rows evenly spaced and
    dealt to four sensors in turn. Good runs differ from each other as real ones do: noise,
    a day cycle, a slow drift, an offset for each sensor, a row count that varies by 1 %. The first
    ``clean_first`` runs are good: the commissioning period in which baselines learn.
    """

    rows: int = 4000
    anomaly_rate: float = 0.1
    seed: int = 7
    clean_first: int = 10
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    interval: timedelta = timedelta(hours=1)
    _plan: AnomalyPlan = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Settle which runs get a fault."""
        object.__setattr__(self, "_plan", AnomalyPlan(self.anomaly_rate, self.seed, self.clean_first))

    def name(self, index: int) -> str:
        """File name of a run; its start tells everyone that the run is simulated."""
        return f"{SIMULATED_PREFIX}run-{index:05d}.csv"

    def row_count(self, index: int) -> int:
        """Rows of a run."""
        spread = np.random.default_rng([self.seed, _ROWS, index]).uniform(-_ROW_SPREAD, _ROW_SPREAD)
        return max(1, round(self.rows * (1 + spread)))

    def anomaly(self, index: int) -> Anomaly | None:
        """The fault in a run, without making the run."""
        return self._plan.anomaly(index, self.row_count(index))

    def run(self, index: int) -> SimulatedRun:
        """Make a run."""
        rows, anomaly = self.row_count(index), self.anomaly(index)
        begin = self.start + index * self.interval
        step = self.interval.total_seconds() / rows
        seconds = np.arange(rows) * step
        sensor = np.arange(rows) % len(SENSORS)
        rng = np.random.default_rng([self.seed, _NOISE, index])
        offsets = np.random.default_rng([self.seed, _OFFSETS]).normal(
            0.0, SENSOR_OFFSET, (len(CHANNELS), len(SENSORS))
        )
        columns: dict[str, pa.Array] = {
            "timestamp": pa.array((begin.timestamp() * 1000 + seconds * 1000).astype("datetime64[ms]")).cast(
                pa.timestamp("ms", tz="UTC")
            ),
            "sensor": pa.array(np.array(SENSORS)[sensor]),
        }
        for number, channel in enumerate(CHANNELS):
            level, sigma = LEVELS[channel]
            noise = rng.normal(0.0, sigma, rows)
            calm = self._benign(begin, seconds, number) + offsets[number][sensor]
            values = level + sigma * calm + noise
            if anomaly is not None and anomaly.column == channel:
                values = inject(values, noise, anomaly, rng)
            columns[channel] = pa.array(np.round(values, _DIGITS), from_pandas=True)
        return SimulatedRun(index, self.name(index), pa.table(columns), anomaly)

    def _benign(self, begin: datetime, seconds: np.ndarray, channel: int) -> np.ndarray:
        """Day cycle and drift, in standard deviations of the noise; each channel has its own phase."""
        day = 2 * np.pi * ((begin.timestamp() + seconds) % 86_400 / 86_400 + channel / len(CHANNELS))
        elapsed = (begin - self.start).total_seconds() + seconds
        drift = 2 * np.pi * (elapsed / _DRIFT_PERIOD.total_seconds() + channel / len(CHANNELS))
        return DAY_CYCLE * np.sin(day) + SLOW_DRIFT * np.sin(drift)


def write_runs(
    series: RunSeries, folder: Path, truth: Path | None, *, first: int = 0, count: int | None = None
) -> Iterator[SimulatedRun]:
    """Drop runs into a folder one at a time, each whole or not at all; gives each after it is there.

    The truth file holds all runs from number 0 and is complete before the first file is there.

    Args:
        series: what to write.
        folder: made if missing.
        truth: file for the truth, or ``None``.
        first: number of the first run to write.
        count: how many runs; ``None`` never ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known, index = 0, first
    while count is None or index < first + count:
        if truth is not None and index >= known:
            known = ceil((index + 1) / TRUTH_BLOCK) * TRUTH_BLOCK if count is None else first + count
            _write_whole(truth, truth_csv(series, known))
        run = series.run(index)
        _write_whole(folder / run.name, run_csv(run))
        yield run
        index += 1


def run_csv(run: SimulatedRun) -> bytes:
    """A run as CSV: LF, times as ISO 8601 in UTC, a lost reading as an empty field."""
    times = run.table["timestamp"].to_numpy().astype("datetime64[ms]")
    text = np.char.add(np.datetime_as_string(times, unit="ms"), "Z")
    target = io.BytesIO()
    pacsv.write_csv(
        run.table.set_column(0, "timestamp", pa.array(text.tolist())),
        target,
        pacsv.WriteOptions(include_header=False, quoting_style="none"),
    )
    return ",".join(run.table.column_names).encode() + b"\n" + target.getvalue()


def truth_csv(series: RunSeries, runs: int) -> bytes:
    """The truth about the first ``runs`` runs, as CSV; a good run's fault columns are empty."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(TRUTH_COLUMNS)
    for index in range(runs):
        a = series.anomaly(index)
        fault = (a.kind, a.column, a.start_row, a.end_row, a.strength) if a else ("",) * 5
        writer.writerow((series.name(index), index, str(a is not None).lower(), *fault))
    return target.getvalue().encode()


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside the target under a hidden name, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    unfinished.write_bytes(data)
    unfinished.replace(path)
