"""A process that observes one incident point by point; the test kills it and starts it again."""

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.settings import Settings
from dqm_assets.store import open_store

BEFORE, AFTER = 12, 3
WATCH = Watch(
    "error_rate",
    "errors",
    method="robust",
    sensitivity=Sensitivity.per_points(10_000),
    bad_when="high",
    adapt_after=1_000_000,
)
_START = datetime(2026, 1, 1, tzinfo=UTC)


def points(evaluations: int) -> list[Point]:
    """Normal points, an incident of so many, and enough normal ones to end it."""
    noise = random.Random(3)
    values = [noise.gauss(0.1, 0.01) for _ in range(BEFORE)]
    values += [noise.gauss(0.3, 0.02) for _ in range(evaluations)]
    values += [noise.gauss(0.1, 0.01) for _ in range(AFTER)]
    return [
        Point("", "", "error_rate", f"b{i:06d}", _START + timedelta(minutes=i), value)
        for i, value in enumerate(values)
    ]


def main() -> None:
    """Observe from one place on, and say after each point that it is done."""
    home, url, evaluations, first = sys.argv[1:]
    with open_store(Settings(home=Path(home), postgres_url=url)) as store:
        for i, point in enumerate(points(int(evaluations))):
            if i >= int(first):
                observe(store, "live", [point], [WATCH], owner="ops")
                print(i, flush=True)


if __name__ == "__main__":
    main()
