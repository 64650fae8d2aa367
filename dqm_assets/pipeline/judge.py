"""Judge: metrics and contract of a run → GOOD or BAD, with the reasons."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dqm_assets.pipeline.contract_results import ClauseOutcome, contract_results
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.pipeline.schema_history import breaking_changes
from dqm_assets.pipeline.series import RunPoints, SeriesKey, runs_until
from dqm_assets.pipeline.training import Training, training_of
from dqm_assets.pipeline.verdict_rows import VerdictRow, verdict_row
from dqm_assets.quality import alert
from dqm_assets.quality.detectors import Detector, Verdict, second_of
from dqm_assets.quality.metric_words import band_words, metric_words, value_words
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

    dataset: Dataset
    training: Training
    by_series: dict[SeriesKey, Detector] = field(default_factory=dict)

    def judge(self, run: RunPoints) -> dict[SeriesKey, Verdict]:
        """Judge a run's values by what was learned before."""
        return {key: self.judge_one(key, run) for key in run.values}

    def learn(self, run: RunPoints, anomalous: Collection[SeriesKey]) -> None:
        """Learn a run's values, leaving out what was anomalous and not accepted, and what must not teach."""
        for key in run.values:
            self.learn_one(key, run, anomalous=key in anomalous)

    def judge_one(self, key: SeriesKey, run: RunPoints) -> Verdict:
        """Judge one value of a run."""
        return self._of(key).judge(run.ts, run.values[key])

    def learn_one(self, key: SeriesKey, run: RunPoints, *, anomalous: bool) -> None:
        """Learn one value of a run."""
        left_out, accepted = self.training.meaning(address_of(self.dataset, key), second_of(run.ts))
        excluded = left_out or (anomalous and not accepted)
        self._of(key).learn(run.ts, run.values[key], excluded=excluded)

    def _of(self, key: SeriesKey) -> Detector:
        if key not in self.by_series:
            self.by_series[key] = detector_of(self.dataset, key, self.training)
        return self.by_series[key]


def address_of(dataset: Dataset, key: SeriesKey) -> alert.SeriesKey:
    """The series as verdicts and alerts know it."""
    return alert.SeriesKey(dataset.name, key.column_name, key.segment, key.metric, DETECTOR_NAME)


def detector_of(dataset: Dataset, key: SeriesKey, training: Training) -> Detector:
    """A detector without history for one judged series."""
    judged = JUDGED_METRICS[key.metric]
    return Detector(
        METHOD,
        training.sensitivity(address_of(dataset, key), SENSITIVITY),
        kind=judged.kind,
        calendar=dataset.calendar,
        adapt_after=ADAPT_AFTER,
        relevance=judged.relevance,
    )


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
    detectors = SeriesDetectors(dataset, training_of(store, dataset.name))
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
            verdict_row(address_of(dataset, key), run.run_id, verdict, snapshot=snapshot, now=now)
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
    value, band = value_words(key.metric, verdict.value), band_words(key.metric, verdict.lower, verdict.upper)
    return f"{metric_words(key.metric)}{of} is {value}, expected {band}"
