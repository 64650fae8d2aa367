"""Backtests: replay a stored series with several settings, and store the one that is wanted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from dash_app.services.metric_series import SeriesAddress
from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.label_rows import labels_of
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.backtest import Replay, Score, Setting, replay, score
from dqm_assets.quality.baselines import METHODS
from dqm_assets.quality.labels import Label
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store

#: Points that are replayed at most, the newest.
MOST_POINTS = 20_000
Unit = Literal["points", "weeks", "z"]
UNITS: tuple[Unit, ...] = ("points", "weeks", "z")
#: Methods that can be replayed, in the order of the choice.
REPLAYED = tuple(
    name for name in ("ensemble", "robust", "seasonal", "zscore", "share_drop") if name in METHODS
)

POINTS = """
SELECT epoch(ts) AS second, value, batch FROM (
    SELECT ts, value, batch FROM metrics.metrics
    WHERE dataset = $dataset AND metric = $metric AND column_name = $column AND segment = $segment
    ORDER BY ts DESC, batch DESC
    LIMIT $limit
)
ORDER BY ts, batch
"""

DETECTORS = """
SELECT detector, count(*) AS points FROM monitoring.verdicts
WHERE dataset = $dataset AND metric = $metric AND column_name = $column AND segment = $segment
GROUP BY detector ORDER BY points DESC, detector
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting as the page and the API name it: a method, and how readily it alarms."""

    method: str
    unit: Unit
    amount: float

    @property
    def text(self) -> str:
        """As in an address: ``robust:points:30000``."""
        return f"{self.method}:{self.unit}:{self.amount:g}"

    @classmethod
    def read(cls, text: str) -> "Choice":
        """Read what ``text`` wrote.

        Raises:
            SettingsError: it is no setting.
        """
        method, _, rest = text.partition(":")
        unit, _, amount = rest.partition(":")
        try:
            number = float(amount)
        except ValueError:
            number = float("nan")
        if method not in REPLAYED or unit not in UNITS or not 0 < number < 1e12:  # noqa: PLR2004 - finite
            raise SettingsError(
                f"{text!r} is no setting; one is <method>:<unit>:<amount>, such as robust:points:1000, "
                f"with a method of {', '.join(REPLAYED)} and a unit of {', '.join(UNITS)}."
            )
        return cls(method, unit, number)

    @property
    def setting(self) -> Setting:
        """The setting that the engine replays."""
        make = {"points": Sensitivity.per_points, "weeks": Sensitivity.per_weeks, "z": Sensitivity.of_z}
        return Setting(self.method, make[self.unit](self.amount))


@dataclass(frozen=True, eq=False, slots=True)
class Replayed:
    """What one setting would have done with a series."""

    choice: Choice
    replay: Replay
    score: Score


@dataclass(frozen=True, eq=False, slots=True)
class Backtest:
    """A series and what several settings would have fired on it."""

    address: SeriesAddress
    #: Seconds since 1970 UTC, and values; shape (n,).
    ts: np.ndarray
    values: np.ndarray
    batches: tuple[str, ...]
    labels: tuple[Label, ...]
    replays: tuple[Replayed, ...]


def backtest(store: Store, address: SeriesAddress, choices: tuple[Choice, ...]) -> Backtest:
    """Replay a series with each setting, as if it arrived point by point."""
    asked = {
        "dataset": address.dataset,
        "metric": address.metric,
        "column": address.column,
        "segment": address.segment,
    }
    rows = [
        row
        for row in store.rows(POINTS, {**asked, "limit": MOST_POINTS})
        if row["value"] is not None and np.isfinite(row["value"])
    ]
    ts = np.array([row["second"] for row in rows], dtype=np.float64)
    values = np.array([row["value"] for row in rows], dtype=np.float64)
    series = SeriesKey(address.dataset, address.column, address.segment, address.metric, "backtest")
    labels = tuple(labels_of(store, series))
    replays = []
    for choice in choices if rows else ():
        done = replay(ts, values, choice.setting, series=series)
        replays.append(Replayed(choice, done, score(done, labels)))
    return Backtest(address, ts, values, tuple(row["batch"] for row in rows), labels, tuple(replays))


def judging_detectors(store: Store, address: SeriesAddress) -> tuple[str, ...]:
    """Name the detectors that judge a series today, the one with most verdicts first."""
    asked = {
        "dataset": address.dataset,
        "metric": address.metric,
        "column": address.column,
        "segment": address.segment,
    }
    return tuple(row["detector"] for row in store.rows(DETECTORS, asked))


def moment_of(second: float) -> datetime:
    """Give a point's time."""
    return datetime.fromtimestamp(second, UTC)
