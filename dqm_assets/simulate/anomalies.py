"""The faults that the detector simulator injects, and where: decided by seed and run number alone."""

from dataclasses import dataclass
from math import floor

import numpy as np

#: Faults, each put on one column over one span of rows.
KINDS = ("shift", "spike_burst", "noise_inflation", "dropout", "stuck_value")
#: Columns that a fault can be on.
CHANNELS = ("value", "ch1", "ch2", "ch3")

#: Share of a run's rows that the fault spans, drawn evenly between the two.
SPANS = {
    "shift": (0.25, 0.7),
    "spike_burst": (0.02, 0.1),
    "noise_inflation": (0.25, 0.7),
    "dropout": (0.05, 0.3),
    "stuck_value": (0.1, 0.4),
}
#: Strength, drawn evenly: standard deviations (shift, spike_burst), factor of the noise
#: (noise_inflation), share of the span's readings that are lost (dropout), 1 (stuck_value).
STRENGTHS = {
    "shift": (2.0, 5.0),
    "spike_burst": (8.0, 20.0),
    "noise_inflation": (2.0, 4.0),
    "dropout": (0.6, 1.0),
    "stuck_value": (1.0, 1.0),
}
#: Share of a burst's readings that are spikes.
SPIKE_SHARE = 0.3

_BLOCK = 10
# Streams of random numbers that must not repeat each other.
_PHASE, _PLACES, _KIND_ORDER, _DETAIL = range(101, 105)


@dataclass(frozen=True)
class Anomaly:
    """One injected fault."""

    kind: str
    column: str
    start_row: int
    """First row, from 0."""
    end_row: int
    """Row after the last."""
    strength: float
    """Unit by kind: see ``STRENGTHS``; the sign of a shift is its direction."""


@dataclass(frozen=True)
class AnomalyPlan:
    """Which runs get a fault: exactly ``rate`` of them in the long run, none of the first ``clean_first``."""

    rate: float
    seed: int
    clean_first: int

    def anomaly(self, index: int, rows: int) -> Anomaly | None:
        """The fault of run ``index`` (from 0), which has ``rows`` rows; ``None`` for a good run.

        Runs are dealt with in blocks of ten: each gets its share of faults at random places, and
        the kinds come in shuffled rounds, so that a short history has its share of each as well.
        """
        place = index - self.clean_first
        if place < 0 or self.rate <= 0:
            return None
        block = place // _BLOCK
        before, after = self._faults_before(block), self._faults_before(block + 1)
        chosen = np.random.default_rng([self.seed, _PLACES, block]).permutation(_BLOCK)[: after - before]
        if place % _BLOCK not in chosen:
            return None
        rank = before + int((chosen < place % _BLOCK).sum())
        order = np.random.default_rng([self.seed, _KIND_ORDER, rank // len(KINDS)]).permutation(len(KINDS))
        return self._draw(KINDS[order[rank % len(KINDS)]], index, rows)

    def _faults_before(self, block: int) -> int:
        """Faults in all earlier blocks; a random phase keeps rounding from favouring any."""
        phase = np.random.default_rng([self.seed, _PHASE]).random()
        return floor(block * _BLOCK * self.rate + phase)

    def _draw(self, kind: str, index: int, rows: int) -> Anomaly:
        rng = np.random.default_rng([self.seed, _DETAIL, index])
        column = CHANNELS[rng.integers(len(CHANNELS))]
        length = max(1, round(rows * rng.uniform(*SPANS[kind])))
        start = int(rng.integers(0, rows - length + 1))
        strength = rng.uniform(*STRENGTHS[kind])
        sign = -1.0 if kind == "shift" and rng.random() < 0.5 else 1.0
        return Anomaly(kind, column, start, start + length, round(sign * strength, 3))


def inject(values: np.ndarray, noise: np.ndarray, anomaly: Anomaly, rng: np.random.Generator) -> np.ndarray:
    """Put a fault on a channel; gives a new array.

    Args:
        values: float64, the good readings.
        noise: float64, their random part, whose standard deviation is the unit of strength.
        anomaly: what to inject.
        rng: source of the places of spikes and gaps.
    """
    faulty = values.copy()
    span = slice(anomaly.start_row, anomaly.end_row)
    length = anomaly.end_row - anomaly.start_row
    sigma = float(noise.std())
    match anomaly.kind:
        case "shift":
            faulty[span] += anomaly.strength * sigma
        case "spike_burst":
            hit = rng.random(length) < SPIKE_SHARE
            hit[0] = True
            faulty[span] += hit * rng.choice([-1.0, 1.0], length) * anomaly.strength * sigma
        case "noise_inflation":
            faulty[span] += (anomaly.strength - 1.0) * noise[span]
        case "dropout":
            lost = rng.random(length) < anomaly.strength
            lost[0] = True
            faulty[span][lost] = np.nan
        case "stuck_value":
            faulty[span] = faulty[anomaly.start_row]
    return faulty
