"""Events found and false alerts on labelled cloud telemetry, beside the default rules of other products.

One setting for all series, streaming: "about one false alert per 5 weeks" (0.20 per series and week). The
labels are used for counting only.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.cloud_series import CloudSeries, count, read_series
from benchmarks.halves import HALVES, rows_of
from benchmarks.peer_rules import dqops_default, elementary_default, elementary_every_point, robust_z
from benchmarks.report import print_report
from dqm_assets.quality.detectors import judge_series
from dqm_assets.quality.sensitivity import Sensitivity

_PEERS = {
    "elementary_default": elementary_default,
    "elementary_every_point": elementary_every_point,
    "dqops_default": dqops_default,
    "robust_z": robust_z,
}


def _figures_of_half(corpus: list[CloudSeries], ours: list[np.ndarray], half: str) -> dict[str, float]:
    """Our own figures on one half of the series."""
    rows = rows_of([series.name for series in corpus], half)
    return count([corpus[i] for i in rows], [ours[i] for i in rows]).figures()


def main() -> None:
    """Judge every series with the default detector and with the peers' rules."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--data", type=Path, default=Path("../shared/data/cloud-monitoring"))
    arguments.add_argument("--method", default="ensemble")
    arguments.add_argument("--weeks", type=float, default=5.0, help="about one false alert per so many weeks")
    arguments.add_argument("--without-peers", action="store_true")
    given = arguments.parse_args()
    corpus = read_series(given.data)
    sensitivity = Sensitivity.per_weeks(given.weeks)
    ours = [
        judge_series(series.ts, series.values, method=given.method, sensitivity=sensitivity).anomalous
        for series in corpus
    ]
    peers = {} if given.without_peers else _PEERS
    print_report(
        "cloud_monitoring",
        count(corpus, ours).figures(),
        {half: _figures_of_half(corpus, ours, half) for half in HALVES}
        | {
            name: count(corpus, [rule(series) for series in corpus]).figures() for name, rule in peers.items()
        },
        as_json=given.json,
    )


if __name__ == "__main__":
    main()
