"""Scores on the Numenta Anomaly Benchmark, streaming, with one setting for all files.

Detections are the detector's own verdicts at a fixed sensitivity: no threshold is fitted to the labels. The
published rows, among them Windowed Gaussian, choose the best threshold per profile afterwards;
``optimised_*`` does that with our scores (without the pause between alarms). Null, Perfect and Windowed
Gaussian are recomputed to check the scoring against the published 0, 100 and 39.6 / 20.9 / 47.4.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.halves import HALVES, rows_of
from benchmarks.nab_scoring import (
    PROFILES,
    LabelledSeries,
    read_corpus,
    score_at_best_threshold,
    score_detections,
    windowed_gaussian,
)
from benchmarks.report import print_report
from dqm_assets.quality.detectors import judge_series
from dqm_assets.quality.sensitivity import Sensitivity

#: Decimals that the published score files keep.
_DECIMALS = 12


def scoring_check(corpus: list[LabelledSeries]) -> dict[str, dict[str, float]]:
    """The rows whose published scores are known."""
    nothing = [np.zeros(series.ts.size, dtype=bool) for series in corpus]
    perfect = [np.isin(np.arange(series.ts.size), [w[0] for w in series.windows]) for series in corpus]
    gaussian = [np.round(windowed_gaussian(series.values), _DECIMALS) for series in corpus]
    return {
        "null": {profile.name: score_detections(corpus, nothing, profile) for profile in PROFILES},
        "perfect": {profile.name: score_detections(corpus, perfect, profile) for profile in PROFILES},
        "windowed_gaussian": {
            profile.name: score_at_best_threshold(corpus, gaussian, profile).value for profile in PROFILES
        },
    }


def scores_of_half(corpus: list[LabelledSeries], detected: list[np.ndarray], half: str) -> dict[str, float]:
    """Our own scores on one half of the files."""
    rows = rows_of([series.name for series in corpus], half)
    files, alarms = [corpus[i] for i in rows], [detected[i] for i in rows]
    return {profile.name: score_detections(files, alarms, profile) for profile in PROFILES}


def main() -> None:
    """Judge the corpus and print the three scores."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--data", type=Path, default=Path("../shared/data/nab"))
    arguments.add_argument("--method", default="novelty")
    arguments.add_argument(
        "--points", type=float, default=1000.0, help="about one false alert per so many points"
    )
    arguments.add_argument("--every", type=int, default=1, help="only each n-th file, for a quick look")
    given = arguments.parse_args()
    corpus = read_corpus(given.data)[:: given.every]
    sensitivity = Sensitivity.per_points(given.points)
    found = [
        judge_series(series.ts, series.values, method=given.method, sensitivity=sensitivity)
        for series in corpus
    ]
    detected = [one.anomalous for one in found]
    figures = {profile.name: score_detections(corpus, detected, profile) for profile in PROFILES}
    scores = [one.score for one in found]
    for profile in PROFILES:
        figures[f"optimised_{profile.name}"] = score_at_best_threshold(corpus, scores, profile).value
    figures["alarms"] = int(sum(d[s.probation :].sum() for d, s in zip(detected, corpus, strict=True)))
    peers = {half: scores_of_half(corpus, detected, half) for half in HALVES} | scoring_check(corpus)
    print_report("nab", figures, peers, as_json=given.json)


if __name__ == "__main__":
    main()
