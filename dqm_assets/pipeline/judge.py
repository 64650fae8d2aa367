"""Judge: metrics and contract of a run → GOOD or BAD, with the reasons."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dqm_assets.pipeline.contract_results import ClauseOutcome, contract_results
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.judged_metrics import JUDGED_METRICS
from dqm_assets.pipeline.rows import as_json, upsert_rows
from dqm_assets.pipeline.schema_history import breaking_changes
from dqm_assets.pipeline.series import RunPoints, SeriesKey, judged_runs_of
from dqm_assets.pipeline.series_states import Judged, judge_points
from dqm_assets.pipeline.training import training_of
from dqm_assets.pipeline.verdict_rows import verdict_row
from dqm_assets.pipeline.watch import Point, Watch
from dqm_assets.quality import alert
from dqm_assets.quality.metric_words import band_words, metric_words, value_words
from dqm_assets.quality.plural import counted
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.quality.verdict import Verdict
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


def address_of(dataset: Dataset, key: SeriesKey) -> alert.SeriesKey:
    """The series as verdicts and alerts know it."""
    return alert.SeriesKey(dataset.name, key.column_name, key.segment, key.metric, DETECTOR_NAME)


def run_watches(dataset: Dataset) -> list[Watch]:
    """How the metrics of a dataset's runs are judged."""
    return [
        Watch(
            judged.name,
            DETECTOR_NAME,
            method=METHOD,
            sensitivity=SENSITIVITY,
            kind=judged.kind,
            bad_when=judged.bad_when,
            least_change=judged.least_change,
            least_relative=judged.least_relative,
            adapt_after=ADAPT_AFTER,
            calendar=dataset.calendar,
            segments=False,
        )
        for judged in JUDGED_METRICS.values()
    ]


def judge_runs(store: Store, dataset: Dataset, run_ids: Sequence[str]) -> list[JudgedRun]:
    """Judge measured runs in the order of their data and register them GOOD or BAD.

    A run is BAD when a contract clause of severity error fails, when its columns changed in
    a way that breaks readers (removed, renamed, retyped), or when a judged metric lies
    outside its baseline. The baseline of a series is learned from its normal points before
    the run, never from the run itself or from later ones, so repeating or backfilling a
    judgement gives the same verdicts. What was learned is kept, so that the cost of judging the
    next run does not grow with the history; a run that comes late is judged by its series anew.

    Args:
        store: The open store.
        dataset: The dataset of the runs.
        run_ids: Runs to judge; those that are not measured are left out.
    """
    runs = judged_runs_of(store, dataset, run_ids)
    clauses = contract_results(store, dataset, [run.run_id for run in runs])
    columns = (
        {clause.id: clause.column or "" for clause in dataset.contract.clauses} if dataset.contract else {}
    )
    breaks = breaking_changes(store, dataset, run_ids)
    # Whoever judges runs of a dataset goes on from the states that the one before it wrote.
    with store.locked(f"judge:{dataset.name}"):
        points = [
            Point(key.column_name, key.segment, key.metric, run.run_id, run.ts, value)
            for run in runs
            for key, value in run.values.items()
        ]
        found = judge_points(
            store, dataset.name, points, run_watches(dataset), training_of(store, dataset.name)
        )
        by_run: dict[str, dict[SeriesKey, Verdict]] = defaultdict(dict)
        for finding in found.findings:
            series = finding.series
            key = SeriesKey(series.column_name, series.segment, series.metric)
            by_run[finding.batch][key] = finding.verdict
        judged = [
            _judged(
                run,
                by_run[run.run_id],
                clauses.get(run.run_id, ()),
                columns,
                breaks.get(run.run_id, ()),
            )
            for run in runs
        ]
        _write(store, dataset, judged, found)
    return judged


def _write(store: Store, dataset: Dataset, judged: Sequence[JudgedRun], found: Judged) -> None:
    snapshot, now = store.version(), datetime.now(UTC)
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
    verdicts = [
        verdict_row(finding.series, finding.batch, finding.verdict, snapshot=snapshot, now=now)
        for finding in found.findings
    ]
    with store.transaction("monitoring.verdicts", "metrics.runs") as tx:
        upsert_rows(tx, "monitoring.verdicts", verdicts)
        upsert_rows(tx, "monitoring.detector_states", found.states)
        upsert_rows(tx, "metrics.runs", statuses)


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
        if not outcome.passed and outcome.severity == "error" and not outcome.missing_column
    ]
    reasons += [Reason("schema", column, "", detail) for column, detail in breaks]
    reasons += _unjudged(clauses)
    reasons += [
        Reason("anomaly", key.column_name, key.metric, _in_words(key, verdict))
        for key, verdict in verdicts.items()
        if verdict.verdict == "anomalous"
    ]
    learning = sum(verdict.verdict == "learning" for verdict in verdicts.values())
    return JudgedRun(run.run_id, run.ts, not reasons, tuple(reasons), learning, len(verdicts))


def _unjudged(clauses: Sequence[ClauseOutcome]) -> Iterator[Reason]:
    """One reason a missing column, however many clauses depend on it."""
    missing = Counter(outcome.missing_column for outcome in clauses if outcome.severity == "error")
    for column, count in missing.items():
        if column:
            what = f"{counted(count, 'clause')} cannot be judged"
            yield Reason("schema", column, "", f"the column {column!r} is missing: {what}")


def _in_words(key: SeriesKey, verdict: Verdict) -> str:
    of = f" of {key.column_name}" if key.column_name else ""
    value, band = value_words(key.metric, verdict.value), band_words(key.metric, verdict.lower, verdict.upper)
    return f"{metric_words(key.metric)}{of} is {value}, expected {band}"
