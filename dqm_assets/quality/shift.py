"""How much a distribution moved: PSI, Kolmogorov–Smirnov and Jensen–Shannon from histograms or quantiles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dqm_assets.errors import KernelError

#: Share given to an empty bin, so that PSI stays finite.
_EMPTY_BIN = 1e-4
_BINS = 10


@dataclass(frozen=True)
class Distribution:
    """A cumulative distribution as corner points, straight in between.

    Attributes:
        x: ascending values, float64, shape (k,); a value may appear twice, which is a jump.
        share: part of the data at or below each, from 0 to 1, shape (k,).
    """

    x: np.ndarray
    share: np.ndarray

    @classmethod
    def from_histogram(cls, edges: Sequence[float], counts: Sequence[float]) -> "Distribution":
        """Distribution of a histogram with k + 1 edges and k counts.

        Raises:
            KernelError: sizes do not match, or nothing was counted.
        """
        weights = np.asarray(counts, dtype=np.float64)
        if len(edges) != weights.size + 1 or not weights.sum() > 0:
            raise KernelError(
                f"A histogram needs one edge more than counts and some data: got {len(edges)} edges, "
                f"{weights.size} counts, {weights.sum():g} values."
            )
        cumulative = np.concatenate(([0.0], np.cumsum(weights)))
        return cls(np.asarray(edges, dtype=np.float64), cumulative / cumulative[-1])

    @classmethod
    def from_quantiles(cls, shares: Sequence[float], values: Sequence[float]) -> "Distribution":
        """Distribution through quantiles, such as (0, 0.01, …, 1) and the values there."""
        order = np.argsort(shares, kind="stable")
        return cls(np.maximum.accumulate(np.asarray(values, float)[order]), np.asarray(shares, float)[order])

    def at(self, x: np.ndarray) -> np.ndarray:
        """Part of the data at or below each ``x``."""
        right = np.searchsorted(self.x, x, side="right")
        inside = np.interp(x, self.x, self.share)
        on_jump = self.share[np.clip(right - 1, 0, None)]
        exact = (right > 0) & (self.x[np.clip(right - 1, 0, None)] == x)
        return np.where(x < self.x[0], 0.0, np.where(exact, on_jump, inside))

    def below(self, x: np.ndarray) -> np.ndarray:
        """Part of the data strictly below each ``x``."""
        left = np.searchsorted(self.x, x, side="left")
        inside = np.interp(x, self.x, self.share)
        exact = (left < self.x.size) & (self.x[np.clip(left, None, self.x.size - 1)] == x)
        return np.where(exact, self.share[np.clip(left, None, self.x.size - 1)], inside)


@dataclass(frozen=True)
class Shift:
    """Distances between a reference and a new distribution.

    Attributes:
        psi: population stability index over the reference's tenths; above 0.1 moderate, above 0.25 large
            (Siddiqi, Credit Risk Scorecards, 2006).
        ks: largest difference of the cumulative distributions, 0 to 1.
        jensen_shannon: Jensen–Shannon distance (square root of the divergence in bits), 0 to 1 (Lin 1991).
    """

    psi: float
    ks: float
    jensen_shannon: float

    @property
    def size(self) -> str:
        """none, moderate or large, by PSI."""
        return "large" if self.psi > 0.25 else "moderate" if self.psi > 0.1 else "none"  # noqa: PLR2004


def shift(reference: Distribution, new: Distribution) -> Shift:
    """Measure how far ``new`` moved from ``reference``; both may have different edges."""
    corners = np.union1d(reference.x, new.x)
    at = np.max(np.abs(reference.at(corners) - new.at(corners)))
    below = np.max(np.abs(reference.below(corners) - new.below(corners)))
    old, now = _tenths(reference, new)
    return Shift(_psi(old, now), float(max(at, below)), _jensen_shannon(old, now))


def _tenths(reference: Distribution, new: Distribution) -> tuple[np.ndarray, np.ndarray]:
    """Shares of both in the tenths of the reference; equal tenths of a discrete reference fall together."""
    inner = np.interp(np.arange(1, _BINS) / _BINS, reference.share, reference.x)
    edges = np.unique(np.concatenate((inner, reference.x[[0, -1]])))
    shares = []
    for one in (reference, new):
        at_edges = np.concatenate(([0.0], one.below(edges[:1]), one.at(edges), [1.0]))
        shares.append(np.maximum(np.diff(at_edges), 0.0))
    return shares[0], shares[1]


def _psi(old: np.ndarray, now: np.ndarray) -> float:
    old, now = np.maximum(old, _EMPTY_BIN), np.maximum(now, _EMPTY_BIN)
    return float(np.sum((now - old) * np.log(now / old)))


def _jensen_shannon(old: np.ndarray, now: np.ndarray) -> float:
    middle = (old + now) / 2
    divergence = sum(0.5 * float(np.sum(p[p > 0] * np.log2(p[p > 0] / middle[p > 0]))) for p in (old, now))
    return float(np.sqrt(max(divergence, 0.0)))
