"""Judge: metrics and contract of a run → GOOD or BAD, with the reasons."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from dqm_assets.pipeline.contract_results import ClauseOutcome, contract_results
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.pipeline.schema_history import breaking_changes
from dqm_assets.pipeline.series import RunPoints, SeriesKey, runs_until
from dqm_assets.quality.detectors import Detector, Verdict
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store

#: Runs have no steady cadence, so sensitivity is said per run: a run has some thirty judged series, and
#: with this one good run in a thousand is called BAD by chance.
SENSITIVITY = Sensitivity.per_points(30_000)
METHOD = "robust"
DETECTOR_NAME = "run_metric"
#: A change that has stayed for so many runs is the new normal, and is learned.
ADAPT_AFTER = 8


@dataclass(frozen=True)
class Reason:
    """Why a run is BAD, in words and for machines."""

    code: str
    column: str
    metric: str
    message: str


@dataclass(frozen=True)
class VerdictRow:
    """A line of ``monitoring.verdicts``."""

    dataset: str
    column_name: str
    segment: str
    metric: str
    detector: str
    batch: str
    ts: datetime
    value: float
    expected: float
    lower: float
    upper: float
    score: float
    verdict: str
    method: str
    n: int
    params: str
    snapshot: int
    judged_at: datetime


@dataclass(frozen=True)
class StatusRow:
    """What the judge adds to a line of ``metrics.runs``."""

    dataset: str
    run_id: str
    status: str
    reasons: str
    judged_at: datetime
    snapshot: int


@dataclass(frozen=True)
class JudgedRun:
    """A run with its verdict."""

    run_id: str
    ts: datetime
    good: bool
    reasons: tuple[Reason, ...]
    #: Series that still learn what is normal, of all judged series of the run.
    learning: int
    judged: int


@dataclass
class SeriesDetectors:
    """One detector a series, made when the series is first met."""

    by_series: dict[SeriesKey, Detector] = field(default_factory=dict)

    def judge(self, run: RunPoints) -> dict[SeriesKey, Verdict]:
        """Judge a run's values by what was learned before; a change that does not matter is normal."""
        verdicts = {key: self._of(key).judge(run.ts, value) for key, value in run.values.items()}
        return {
            key: replace(verdict, verdict="normal")
            if verdict.verdict == "anomalous" and not JUDGED_METRICS[key.metric].counts(verdict)
            else verdict
            for key, verdict in verdicts.items()
        }

    def learn(self, run: RunPoints, anomalous: Collection[SeriesKey]) -> None:
        """Learn a run's values, leaving out what was anomalous."""
        for key, value in run.values.items():
            self._of(key).learn(run.ts, value, excluded=key in anomalous)

    def _of(self, key: SeriesKey) -> Detector:
        if key not in self.by_series:
            self.by_series[key] = detector_of(key)
        return self.by_series[key]


def detector_of(key: SeriesKey) -> Detector:
    """A detector without history for one judged series."""
    return Detector(METHOD, SENSITIVITY, kind=JUDGED_METRICS[key.metric].kind, adapt_after=ADAPT_AFTER)


def judge_runs(store: Store, dataset: Dataset, run_ids: Sequence[str]) -> list[JudgedRun]:
    """Judge measured runs in the order of their data and register them GOOD or BAD.

    A run is BAD when a contract clause of severity error fails, when its columns changed in
    a way that breaks readers (removed, renamed, retyped), or when a judged metric lies
    outside its baseline. The baseline of a series is learned from its normal points before
    the run, never from the run itself or from later ones, so repeating or backfilling a
    judgement gives the same verdicts.

    Args:
        store: The open store.
        dataset: The dataset of the runs.
        run_ids: Runs to judge; those that are not measured are left out.
    """
    wanted = set(run_ids)
    history = runs_until(store, dataset, run_ids, DETECTOR_NAME)
    clauses = contract_results(store, dataset, [run.run_id for run in history if run.run_id in wanted])
    columns = (
        {clause.id: clause.column or "" for clause in dataset.contract.clauses} if dataset.contract else {}
    )
    breaks = breaking_changes(store, dataset, run_ids)
    snapshot = store.version()
    now = datetime.now(UTC)
    detectors = SeriesDetectors()
    judged: list[JudgedRun] = []
    verdict_rows: list[VerdictRow] = []
    for run in history:
        if run.run_id not in wanted:
            # A run that nobody has judged yet, because another process is at it, teaches nothing.
            if run.status in {"GOOD", "BAD"}:
                detectors.learn(run, run.anomalous)
            continue
        verdicts = detectors.judge(run)
        judged.append(
            _judged(run, verdicts, clauses.get(run.run_id, ()), columns, breaks.get(run.run_id, ()))
        )
        detectors.learn(run, {key for key, verdict in verdicts.items() if verdict.verdict == "anomalous"})
        verdict_rows += [
            _verdict_row(dataset, run, key, verdict, snapshot=snapshot, now=now)
            for key, verdict in verdicts.items()
        ]
    statuses = [
        StatusRow(
            dataset.name,
            run.run_id,
            "GOOD" if run.good else "BAD",
            as_json([vars(reason) for reason in run.reasons]),
            now,
            snapshot,
        )
        for run in judged
    ]
    with store.transaction("monitoring.verdicts", "metrics.runs") as tx:
        upsert_rows(tx, "monitoring.verdicts", verdict_rows)
        upsert_rows(tx, "metrics.runs", statuses)
    return judged


def _judged(
    run: RunPoints,
    verdicts: dict[SeriesKey, Verdict],
    clauses: Sequence[ClauseOutcome],
    columns: Mapping[str, str],
    breaks: Sequence[tuple[str, str]],
) -> JudgedRun:
    reasons = [
        Reason("contract", columns[outcome.clause], outcome.clause, outcome.message)
        for outcome in clauses
        if not outcome.passed and outcome.severity == "error"
    ]
    reasons += [Reason("schema", column, "", detail) for column, detail in breaks]
    reasons += [
        Reason("anomaly", key.column_name, key.metric, _in_words(key, verdict))
        for key, verdict in verdicts.items()
        if verdict.verdict == "anomalous"
    ]
    learning = sum(verdict.verdict == "learning" for verdict in verdicts.values())
    return JudgedRun(run.run_id, run.ts, not reasons, tuple(reasons), learning, len(verdicts))


def _in_words(key: SeriesKey, verdict: Verdict) -> str:
    of = f" of {key.column_name}" if key.column_name else ""
    band = f"{verdict.lower:.4g} to {verdict.upper:.4g}"
    return f"{key.metric.replace('_', ' ')}{of} is {verdict.value:.4g}, expected {band}"


def _verdict_row(
    dataset: Dataset, run: RunPoints, key: SeriesKey, verdict: Verdict, *, snapshot: int, now: datetime
) -> VerdictRow:
    return VerdictRow(
        dataset=dataset.name,
        column_name=key.column_name,
        segment=key.segment,
        metric=key.metric,
        detector=DETECTOR_NAME,
        batch=run.run_id,
        ts=run.ts,
        value=verdict.value,
        expected=verdict.expected,
        lower=verdict.lower,
        upper=verdict.upper,
        score=verdict.score,
        verdict=verdict.verdict,
        method=verdict.method,
        n=verdict.n,
        params=as_json({**verdict.params, "needed": verdict.needed, "scale": verdict.scale}),
        snapshot=snapshot,
        judged_at=now,
    )
