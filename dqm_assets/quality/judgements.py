"""Judgements: verdicts on many points of a series, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from dqm_assets.quality.baselines.method import fitted_numbers
from dqm_assets.quality.transform import NATURAL_RANGE, ValueKind
from dqm_assets.quality.verdict import Verdict, VerdictName

#: Verdicts as they are numbered in ``Judgements.verdict``.
VERDICTS: tuple[VerdictName, ...] = ("learning", "normal", "anomalous")
_ANOMALOUS = VERDICTS.index("anomalous")


@dataclass(frozen=True)
class Judgements:
    """Verdicts on k points as arrays of shape (k,); see ``Verdict`` for their meaning."""

    ts: np.ndarray
    value: np.ndarray
    expected: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    scale: np.ndarray
    score: np.ndarray
    verdict: np.ndarray
    n: np.ndarray
    needed: np.ndarray
    method: str
    #: What the kernel's ``layout`` and ``parameters`` fields held, shapes (k,) and (k, 10).
    layout: np.ndarray
    parameters: np.ndarray

    @classmethod
    def of_kernel(
        cls,
        ts: np.ndarray,
        values: np.ndarray,
        found: np.ndarray,
        method: str,
        kind: ValueKind | None = None,
    ) -> "Judgements":
        """Wrap what the kernel said of points (array of ``VERDICT``), bands within what a value can be."""
        least, most = NATURAL_RANGE[kind or "real"]
        # Finite bounds only: a side on which nothing is judged stays infinite, and NaN means learning.
        lower = np.where(np.isfinite(found["lower"]), np.maximum(found["lower"], least), found["lower"])
        upper = np.where(np.isfinite(found["upper"]), np.minimum(found["upper"], most), found["upper"])
        return cls(
            ts,
            values,
            found["expected"],
            lower,
            upper,
            *(found[name] for name in ("scale", "score", "verdict", "n", "needed")),
            method,
            found["layout"],
            found["parameters"],
        )

    @property
    def anomalous(self) -> np.ndarray:
        """Bool: which points are anomalous."""
        return self.verdict == _ANOMALOUS

    def params_at(self, i: int) -> Mapping[str, float | str]:
        """What was fitted when point ``i`` was judged."""
        return fitted_numbers(float(self.layout[i]), self.parameters[i].tolist())

    def verdict_at(self, i: int) -> Verdict:
        """The verdict on point ``i``."""
        columns = (self.value, self.expected, self.lower, self.upper, self.scale, self.score)
        return Verdict(
            datetime.fromtimestamp(float(self.ts[i]), UTC),
            *(float(column[i]) for column in columns),
            VERDICTS[int(self.verdict[i])],
            self.method,
            int(self.n[i]),
            int(self.needed[i]),
            self.params_at(i),
        )

    def verdicts(self) -> list[Verdict]:
        """One object per point."""
        return [self.verdict_at(i) for i in range(self.ts.size)]
