"""For dense telemetry: alarm at what the series has never done before, and less readily after each alarm."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dqm_assets.quality.baselines.past_shapes import LONG, SHORT, Look, PastShapes
from dqm_assets.quality.baselines.protocol import Bands
from dqm_assets.quality.baselines.rarity import Rarity
from dqm_assets.quality.baselines.seasonality import DAY, WEEK
from dqm_assets.quality.sensitivity import SMALLEST_TAIL, Sensitivity
from dqm_assets.quality.student import two_sided_tail

_KEEP = 8192
_NEEDED = 64
_SPREAD, _STEP, _SMOOTH = 48, 12, 12
#: Earlier periods whose median is the seasonal expectation.
_SEASONS: tuple[tuple[float, int], ...] = ((DAY, 7), (WEEK, 4))
#: Mean size of the seasonal errors over that of the errors without a season, below which there is a season.
_SEASON_BELOW = 0.5
_FEWEST_PHASES, _FEWEST_PERIODS = 3, 2
#: Norm that combines the signals: near their maximum, with a bonus when several agree.
_NORM = 4
#: After an alarm the threshold is this much higher, falling back over 3 wanted alert intervals; within 6 % of
#: an interval there is no second alarm.
_FATIGUE, _RECOVERY, _PAUSE = 0.3, 3.0, 0.06


@dataclass(frozen=True)
class Signals:
    """Rarity (minus log₁₀ of a probability) of one point in each respect."""

    value: float
    short_shape: float
    long_shape: float
    spread: float
    step: float
    season: float

    @property
    def combined(self) -> float:
        """4-norm of all."""
        parts = (self.value, self.short_shape, self.long_shape, self.spread, self.step, self.season)
        return sum(part**_NORM for part in parts) ** (1 / _NORM)


class SeasonalError:
    """Error of the smoothed series against the median of the same phase in earlier periods."""

    def __init__(self, period: float, periods: int) -> None:
        """Start with nothing known."""
        self._period, self._periods = period, periods
        self.rarity = Rarity(_KEEP)
        #: Sums of absolute errors with and without the season.
        self.with_season = self.without = 0.0

    def error(self, smooth: Sequence[float], newest: float, cadence: float) -> float:
        """Error of the ``newest`` smoothed point; NaN until two earlier periods are known."""
        lag = round(self._period / cadence)
        places = [len(smooth) - lag * j for j in range(1, self._periods + 1) if len(smooth) >= lag * j]
        if lag < _FEWEST_PHASES or len(places) < _FEWEST_PERIODS:
            return float("nan")
        return newest - float(np.median([smooth[place] for place in places]))

    def rate(self, error: float) -> float:
        """Rarity of an error; 0 if the series has no such season."""
        seasonal = self.with_season < _SEASON_BELOW * self.without
        return self.rarity.either(error) if seasonal and not math.isnan(error) else 0.0

    def learn(self, error: float, plain_error: float) -> None:
        """See one error, and what it would have been without a season."""
        if math.isnan(error):
            return
        self.rarity.add(error)
        self.with_season += abs(error)
        self.without += abs(plain_error)


@dataclass(frozen=True)
class _Glance:
    """All that was worked out about a next point, so that learning it need not do so again."""

    look: Look
    smooth: float
    nearest: float
    spread: float
    step: float
    errors: tuple[float, ...]
    signals: Signals


class NoveltyLearner:
    """State of the novelty detector on one series.

    Six signals, each turned into the rarity of what the series has done before: distance of the value from
    the nearest value ever seen; of the last 4 points and of the shape of the last 16 from the nearest earlier
    ones; spread of the last 48 points; step between the last 12 and the 12 before; error against the season.
    The threshold is −log₁₀ of the wanted false-alert probability and rises after each alarm for a while: a
    series that alarms more often than wanted has to show more. What alarmed once is learned and is no
    longer new.
    """

    def __init__(self) -> None:
        """Start with no history."""
        self._shapes = PastShapes(_KEEP)
        self._smooth: list[float] = []
        self._values = Rarity(2 * _KEEP)
        self._nearest, self._short, self._long, self._spread, self._step = (Rarity(_KEEP) for _ in range(5))
        self._seasons = tuple(SeasonalError(period, periods) for period, periods in _SEASONS)
        self._count = 0
        self._smooth_sum = 0.0
        self._early_ts: list[float] = []
        self._fatigue = 0.0
        self._alarmed_at = -math.inf
        self._interval = 1.0
        self._glance: _Glance | None = None

    @property
    def n(self) -> int:
        """Points seen."""
        return self._count

    @property
    def needed(self) -> int:
        """Points before the first verdict."""
        return _NEEDED

    @property
    def ahead(self) -> int:
        """Each point must be learned before the next is judged."""
        return 1

    @property
    def params(self) -> Mapping[str, float | str]:
        """Rarity of the latest judged point in each respect."""
        if self._glance is None:
            return {}
        return {**vars(self._glance.signals), "fatigue": self._tired()}

    def judge(self, ts: np.ndarray, values: np.ndarray, sensitivity: Sensitivity) -> Bands:
        """Judge one point, shape (1,)."""
        del ts
        tail = sensitivity.tail(self._cadence())
        if sensitivity.z is not None:
            tail = max(two_sided_tail(sensitivity.z, math.inf), SMALLEST_TAIL)
        self._interval = 1.0 / tail
        glance = self._glance = self._look(float(values[0]))
        limit = -math.log10(tail) * (1.0 + _FATIGUE * self._tired())
        score = glance.signals.combined
        rested = self._count - self._alarmed_at >= _PAUSE * self._interval
        one = np.ones(1)
        expected = float(np.mean(self._shapes.points[-_SMOOTH:]))
        return Bands(
            one * expected,
            one * -math.inf,
            one * math.inf,
            one * score,
            one * max(glance.spread, 0.0),
            one * (score > limit and rested) > 0,
        )

    def learn(self, ts: float, value: float, *, anomalous: bool, left_out: bool = False) -> bool:
        """See a point; only one that is left out is not seen."""
        if left_out:
            return False
        glance = self._glance
        if glance is None or glance.look.value != value:
            glance = self._look(value)
        self._glance = None
        if anomalous:
            self._fatigue = self._tired() + 1.0
            self._alarmed_at = float(self._count)
        if self._count < _NEEDED:
            self._early_ts.append(ts)
        self._see(glance)
        return True

    def _see(self, glance: _Glance) -> None:
        count = self._count
        self._values.add(glance.look.value)
        for least, rarity, number in (
            (1, self._nearest, glance.nearest),
            (3 * SHORT, self._short, glance.look.short_distance),
            (3 * LONG, self._long, glance.look.long_distance),
            (_SPREAD, self._spread, glance.spread),
            (2 * _STEP, self._step, glance.step),
        ):
            if count >= least:
                rarity.add(number)
        self._smooth_sum += glance.smooth
        mean = self._smooth_sum / (count + 1)
        for season, error in zip(self._seasons, glance.errors, strict=True):
            season.learn(error, glance.smooth - mean)
        self._shapes.take(glance.look)
        self._smooth.append(glance.smooth)
        if len(self._smooth) > self._shapes.points.size:
            del self._smooth[: -self._shapes.points.size]
        self._count += 1

    def _look(self, value: float) -> _Glance:
        look = self._shapes.look(value)
        newest = np.append(self._shapes.points[-_SPREAD + 1 :], value)
        smooth = float(newest[-_SMOOTH:].mean())
        spread = float(newest.std())
        step = (
            float(newest[-_STEP:].mean() - newest[-2 * _STEP : -_STEP].mean())
            if newest.size >= 2 * _STEP
            else 0.0
        )
        nearest = self._values.nearest(value)
        cadence = self._cadence()
        errors = tuple(
            season.error(self._smooth, smooth, cadence) if cadence > 0 else float("nan")
            for season in self._seasons
        )
        signals = Signals(
            self._nearest.above(nearest),
            self._short.above(look.short_distance),
            self._long.above(look.long_distance),
            self._spread.either(spread),
            self._step.either(step),
            max(season.rate(error) for season, error in zip(self._seasons, errors, strict=True)),
        )
        return _Glance(look, smooth, nearest, spread, step, errors, signals)

    def _cadence(self) -> float:
        return float(np.median(np.diff(self._early_ts))) if len(self._early_ts) >= _NEEDED else float("nan")

    def _tired(self) -> float:
        """What is left of the fatigue from earlier alarms."""
        if self._fatigue == 0.0:
            return 0.0
        return self._fatigue * math.exp(-(self._count - self._alarmed_at) / (_RECOVERY * self._interval))

    def to_arrays(self) -> list[np.ndarray]:
        """Points, smoothed points, all that was seen, and the counters."""
        counters = [self._count, self._smooth_sum, self._fatigue, self._alarmed_at, self._interval]
        for season in self._seasons:
            counters += [season.with_season, season.without]
        lists = [rarity.seen() for rarity in self._rarities()]
        vectors = [self._smooth, self._early_ts, counters, *lists]
        return [self._shapes.points, *(np.array(vector, dtype=np.float64) for vector in vectors)]

    def restore(self, arrays: list[np.ndarray]) -> None:
        """Continue from what ``to_arrays`` gave."""
        points, smooth, early, counters, *lists = arrays
        self._shapes.restore(points)
        self._smooth, self._early_ts = smooth.tolist(), early.tolist()
        count, self._smooth_sum, self._fatigue, self._alarmed_at, self._interval, *sums = counters.tolist()
        self._count = int(count)
        for i, season in enumerate(self._seasons):
            season.with_season, season.without = sums[2 * i : 2 * i + 2]
        for rarity, numbers in zip(self._rarities(), lists, strict=True):
            rarity.restore(numbers.tolist())

    def _rarities(self) -> tuple[Rarity, ...]:
        seasons = (season.rarity for season in self._seasons)
        return (self._values, self._nearest, self._short, self._long, self._spread, self._step, *seasons)
