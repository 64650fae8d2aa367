"""Health scores: the newest of each dataset, and how they went."""

from dataclasses import dataclass
from datetime import date

from dash_app.services.rows import as_json
from dqm_assets.store import Store

#: Days that a trend shows.
TREND_DAYS = 30

SCORES = """
SELECT name, max(day) AS day, arg_max(score, day) AS score, arg_max(parts, day) AS parts,
    list(score ORDER BY day) AS trend
FROM monitoring.scores
WHERE scope = 'dataset' AND ($dataset IS NULL OR name = $dataset)
    AND day >= current_date - $days::INTEGER
GROUP BY name
ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class DatasetScore:
    """A dataset's newest health score, its parts (0 to 1 each), and the scores of the days before."""

    dataset: str
    day: date
    score: float
    parts: tuple[tuple[str, float], ...]
    #: Oldest first, the newest included.
    trend: tuple[float, ...]

    @property
    def change(self) -> float | None:
        """How far the score moved since the day before, or ``None`` on its first day."""
        return self.trend[-1] - self.trend[-2] if len(self.trend) > 1 else None


def dataset_scores(store: Store, dataset: str | None = None) -> dict[str, DatasetScore]:
    """Read the scores of every dataset, or of one; a dataset that was never scored is missing."""
    rows = store.rows(SCORES, {"dataset": dataset, "days": TREND_DAYS})
    return {
        row["name"]: DatasetScore(
            dataset=row["name"],
            day=row["day"],
            score=row["score"],
            parts=tuple((as_json(row["parts"]) or {}).items()),
            trend=tuple(row["trend"]),
        )
        for row in rows
    }
