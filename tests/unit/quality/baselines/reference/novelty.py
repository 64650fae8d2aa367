"""For dense telemetry: alarm at what the series has never done before, and less readily after each alarm."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

import numpy as np

from dqm_assets.quality.sensitivity import SMALLEST_TAIL, Sensitivity
from dqm_assets.quality.student import two_sided_tail
from tests.unit.quality.baselines.reference.protocol import Bands
from tests.unit.quality.baselines.reference.rarity import Rarity
from tests.unit.quality.baselines.reference.seasonality import DAY, WEEK

#: Points that are remembered.
_KEEP = 16_384
_NEEDED = 64
#: Points of the local mean, and of the local spread.
_SHORT, _LONG = 12, 48
#: Earlier periods whose median is the seasonal expectation.
_SEASONS: tuple[tuple[float, int], ...] = ((DAY, 7), (WEEK, 4))
#: Mean size of the seasonal errors over that of the errors without a season, below which there is a season.
_SEASON_BELOW = 0.5
_FEWEST_PHASES, _FEWEST_PERIODS = 3, 2
#: Norm that combines the signals: near their maximum, with a bonus when several agree.
_NORM = 4
#: A value never seen before weighs a little more: it is there at once, and the other signals follow.
_VALUE_WEIGHT = 1.15
#: The threshold lies this much below −log₁₀ of the wanted probability: alarms come in clusters, of which the
#: pause and the fatigue leave one.
_CLUSTERS = 0.5
#: After an alarm the threshold is 30 % higher, falling back over 8 wanted alert intervals; within 6 % of an
#: interval there is no second alarm.
_FATIGUE, _RECOVERY, _PAUSE = 0.3, 8.0, 0.06


@dataclass(frozen=True)
class Signals:
    """Rarity (minus log₁₀ of a probability) of one point in each respect."""

    value: float
    local_mean: float
    spread: float
    step: float
    season: float

    @property
    def combined(self) -> float:
        """4-norm of all."""
        parts = (self.value, self.local_mean, self.spread, self.step, self.season)
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
        lag = round(self._period / cadence) if cadence > 0 else 0
        places = [len(smooth) - lag * j for j in range(1, self._periods + 1) if len(smooth) >= lag * j]
        if lag < _FEWEST_PHASES or len(places) < _FEWEST_PERIODS:
            return float("nan")
        return newest - median(smooth[place] for place in places)

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

    value: float
    mean: float
    nearest_value: float
    nearest_mean: float
    spread: float
    step: float
    errors: tuple[float, ...]
    signals: Signals


class NoveltyLearner:
    """State of the novelty detector on one series.

    Five signals, each turned into the rarity of what the series has done before: distance of the value from
    the nearest value ever seen; of the mean of the last 12 points from the nearest such mean (not
    overlapping); spread of the last 48; step between the last 12 and the 12 before; error against the season.
    The threshold follows from the wanted false-alert probability and rises after each alarm for a while: a
    series that alarms more often than wanted has to show more. What alarmed once is learned and is no longer
    new.
    """

    def __init__(self) -> None:
        """Start with no history."""
        self._newest: deque[float] = deque(maxlen=_LONG)
        self._means: list[float] = []
        self._values, self._old_means = Rarity(_KEEP), Rarity(_KEEP)
        self._nearest, self._nearest_mean, self._spread, self._step = (Rarity(_KEEP) for _ in range(4))
        self._seasons = tuple(SeasonalError(period, periods) for period, periods in _SEASONS)
        self._count = 0
        self._sum = 0.0
        self._early_ts: list[float] = []
        self._cadence = float("nan")
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
        """Judge one point, shape (1,). There is no band: what is new may lie between what is known."""
        del ts
        tail = sensitivity.tail(self._cadence)
        if sensitivity.z is not None:
            tail = max(two_sided_tail(sensitivity.z, math.inf), SMALLEST_TAIL)
        self._interval = 1.0 / tail
        glance = self._glance = self._look(float(values[0]))
        limit = (-math.log10(tail) - _CLUSTERS) * (1.0 + _FATIGUE * self._tired())
        score = glance.signals.combined
        rested = self._count - self._alarmed_at >= _PAUSE * self._interval
        expected = math.fsum(islice(self._newest, max(len(self._newest) - _SHORT, 0), None)) / _SHORT
        columns = (expected, -math.inf, math.inf, score, glance.spread)
        return Bands(*(np.array([column]) for column in columns), np.array([score > limit and rested]))

    def learn(self, ts: float, value: float, *, anomalous: bool, left_out: bool = False) -> bool:
        """See a point; only one that is left out is not seen."""
        if left_out:
            return False
        glance = self._glance
        if glance is None or glance.value != value:
            glance = self._look(value)
        self._glance = None
        if anomalous:
            self._fatigue = self._tired() + 1.0
            self._alarmed_at = float(self._count)
        if self._count < _NEEDED:
            self._early_ts.append(ts)
            self._know_cadence()
        self._see(glance)
        return True

    def learn_normal(self, ts: list[float], values: list[float]) -> None:
        """See points that were judged normal."""
        for second, value in zip(ts, values, strict=True):
            self.learn(second, value, anomalous=False)

    def _see(self, glance: _Glance) -> None:
        count = self._count
        self._values.add(glance.value)
        if count >= 2 * _SHORT:
            self._nearest_mean.add(glance.nearest_mean)
            self._step.add(glance.step)
        if count:
            self._nearest.add(glance.nearest_value)
        if count >= _LONG:
            self._spread.add(glance.spread)
        self._sum += glance.mean
        for season, error in zip(self._seasons, glance.errors, strict=True):
            season.learn(error, glance.mean - self._sum / (count + 1))
        self._newest.append(glance.value)
        self._means.append(glance.mean)
        if count >= 2 * _SHORT - 1:
            # The next local mean begins right after this one ends.
            self._old_means.add(self._means[-_SHORT])
        if len(self._means) > 2 * _KEEP:
            del self._means[:-_KEEP]
        self._count += 1

    def _look(self, value: float) -> _Glance:
        newest = [*self._newest, value][-_LONG:]
        last = newest[-_SHORT:]
        mean = sum(last) / len(last)
        before = newest[-2 * _SHORT : -_SHORT]
        step = mean - sum(before) / _SHORT if len(before) == _SHORT else 0.0
        centre = sum(newest) / len(newest)
        spread = math.sqrt(sum([(x - centre) * (x - centre) for x in newest]) / len(newest))
        nearest, nearest_mean = self._values.nearest(value), self._old_means.nearest(mean)
        errors = tuple(season.error(self._means, mean, self._cadence) for season in self._seasons)
        signals = Signals(
            _VALUE_WEIGHT * self._nearest.above(nearest),
            self._nearest_mean.above(nearest_mean),
            self._spread.either(spread),
            self._step.either(step),
            max(season.rate(error) for season, error in zip(self._seasons, errors, strict=True)),
        )
        return _Glance(value, mean, nearest, nearest_mean, spread, step, errors, signals)

    def _know_cadence(self) -> None:
        if len(self._early_ts) == _NEEDED:
            self._cadence = float(np.median(np.diff(self._early_ts)))

    def _tired(self) -> float:
        """What is left of the fatigue from earlier alarms."""
        if self._fatigue == 0.0:
            return 0.0
        return self._fatigue * math.exp(-(self._count - self._alarmed_at) / (_RECOVERY * self._interval))
