"""Scores that fall: a day far below the usual score of a dataset, source, owner or the whole is one alert."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean, median
from typing import Any

from dqm_assets.pipeline.alert_rows import alert_of
from dqm_assets.pipeline.alert_writing import ALERT_TABLES, write_alerts
from dqm_assets.pipeline.score_scopes import Scored
from dqm_assets.quality.alert import Alert, AlertEvent, SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding, advance, resolve_by_engine
from dqm_assets.quality.scorecard import SCORECARD, WEIGHTS, Part, weights_of
from dqm_assets.quality.verdict import Verdict
from dqm_assets.settings import Settings
from dqm_assets.store import Store

_METRIC = "score"
#: Days whose median is the usual score, and how many of them must be there.
_USUAL_DAYS, _NEEDED_DAYS = 7, 3
#: Why a score fell is told by alerts of its own: this one tells owners of a portfolio.
_POLICY = AlertPolicy(severity="warning", resolve_after=1, reopen_within=timedelta(days=1), escalate_after=0)
#: What explains at least this share of a wider fall is told in its place.
_EXPLAINS = 0.5
#: Datasets that a wider fall names.
_NAMED = 3

#: Scores of datasets by name and day.
_Scores = dict[str, dict[date, float]]

_SCORES = """
    SELECT name, day, score FROM monitoring.scores
    WHERE scope = 'dataset' AND day BETWEEN $first AND $today ORDER BY day
"""
_NEWEST = """
    SELECT * FROM monitoring.alerts WHERE detector = ?
    QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY opened_ts DESC) = 1
"""


@dataclass(frozen=True)
class ScoreRules:
    """How datasets are scored: what each part weighs, and by how many points a score must fall to be told."""

    weights: Mapping[Part, float] = field(default_factory=lambda: WEIGHTS)
    drop: float = 15.0

    @classmethod
    def of(cls, settings: Settings) -> "ScoreRules":
        """The rules that the settings ask for.

        Raises:
            SettingsError: the weights cannot be used.
        """
        return cls(weights_of(settings.score_weights), settings.score_drop)


@dataclass(frozen=True)
class _Level:
    """A score today, and what it usually is."""

    scored: Scored
    score: float
    usual: float

    @property
    def lost(self) -> float:
        return self.usual - self.score

    @property
    def said(self) -> str:
        return f"health score is {self.score:.1f}, usually {self.usual:.1f}"


def tell_drops(store: Store, scored: Sequence[Scored], today: date, drop: float) -> int:
    """Open, go on with, or end the alert of everything whose score fell; one transaction.

    The usual score is the median of the last days before; while an incident lasts, it is what it was before
    the fall, and afterwards its days do not count, so that a low score does not become usual. Wider scores
    are compared over the datasets that have a usual score: one that is new pulls nobody down. An incident is
    known by what fell and the day it began on, so telling the same day again changes nothing. Of falls that
    begin on one day and have to do with each other one leads (`led_by`), and the others follow it as what it
    caused; what leads them may have been told by an earlier look at the day.

    Args:
        store: The open store, with today's scores.
        scored: What has a score, the narrowest scope first.
        today: The day that is judged.
        drop: Points below the usual score from which it has fallen.

    Returns:
        Number of alerts that were opened.
    """
    scores: _Scores = defaultdict(dict)
    for row in store.rows(_SCORES, {"today": today, "first": today - timedelta(days=_USUAL_DAYS)}):
        scores[row["name"]][row["day"]] = row["score"]
    known = _newest(store.rows(_NEWEST, [SCORECARD]))
    if not _concerned(_levels(scored, scores, known, today), known, drop) and not _gone(scored, known):
        # Mostly nothing falls, which takes no lock.
        return 0
    at = datetime.combine(today, time(), UTC)
    with store.transaction(*ALERT_TABLES) as tx:
        known = _newest(tx.query(_NEWEST, [SCORECARD]).to_pylist())
        levels = _levels(scored, scores, known, today)
        alerts, events = _advanced(levels, known, drop, at)
        for alert in _gone(scored, known):
            ended, happened = resolve_by_engine(alert, "it is not scored any more", at)
            alerts |= {ended.dataset: ended} if ended is not None else {}
            events += happened
        begun = {event.alert_id for event in events if event.event in {"opened", "reopened"}}
        new = {subject for subject, alert in alerts.items() if alert.alert_id in begun}
        told = _told_before({**known, **alerts}, new, at)
        leaders = led_by(
            [(one.scored, one.lost) for name, one in levels.items() if name in new | told.keys()], told
        )
        alerts |= {
            name: _follower(alerts[name], alerts.get(leaders[name]) or known[leaders[name]]) for name in new
        }
        if alerts:
            write_alerts(tx, list(alerts.values()), events)
    return sum(event.event == "opened" for event in events)


def led_by(fallen: Sequence[tuple[Scored, float]], told: Mapping[str, str] | None = None) -> dict[str, str]:
    """Which of the falls that begin on one day tells each of them, by subject.

    Where a source, owner or the whole falls because one narrower thing did, that one leads: it says more.
    Where several in it fell, or none that explains half of the fall, the wider one leads all that lies in it.

    Args:
        fallen: what fell and by how many points, the narrowest scope first.
        told: leaders of those of them that people know of already, by subject; they stay.
    """
    told = told or {}
    by_subject = {scored.subject: (scored, lost) for scored, lost in fallen}
    leader = {scored.subject: told.get(scored.subject, scored.subject) for scored, _ in fallen}
    for scored, lost in fallen:
        if scored.scope == "dataset" or scored.subject in told:
            continue
        inside = sorted({leader[name] for name in scored.members if name in leader})
        if len(inside) == 1:
            cause, its_loss = by_subject[inside[0]]
            share = its_loss * len(cause.members & scored.members) / len(scored.members)
            if share >= _EXPLAINS * lost:
                leader[scored.subject] = cause.subject
                continue
        covered = {name for name in inside if by_subject[name][0].members <= scored.members}
        leader |= {
            name: scored.subject for name, first in leader.items() if first in covered and name not in told
        }
    return leader


def _told_before(alerts: Mapping[str, Alert], new: Collection[str], at: datetime) -> dict[str, str]:
    """Falls of the day that an earlier look has told of, and what leads each of them."""
    begun = {
        name: one for name, one in alerts.items() if one.active and one.opened_ts == at and name not in new
    }
    subjects = {alert.alert_id: name for name, alert in begun.items()}
    return {name: subjects.get(alert.caused_by, name) for name, alert in begun.items()}


def _newest(rows: Sequence[dict[str, Any]]) -> dict[str, Alert]:
    return {row["dataset"]: alert_of(row) for row in rows}


def _levels(
    scored: Sequence[Scored], scores: _Scores, known: Mapping[str, Alert], today: date
) -> dict[str, _Level]:
    """Each score of today beside its usual one, by subject; what has no usual score yet is left out."""
    found = {}
    for one in scored:
        days, alert = _days(one, scores, today), known.get(one.subject)
        if today not in days:
            continue
        usual = alert.expected if alert is not None and alert.active else _usual(days, alert, today)
        if usual is not None:
            found[one.subject] = _Level(one, days[today], usual)
    return found


def _days(one: Scored, scores: _Scores, today: date) -> Mapping[date, float]:
    """Scores day by day; of several datasets the mean over those that can be compared."""
    if one.scope == "dataset":
        return scores.get(one.name, {})
    there = [scores[name] for name in one.members if today in scores.get(name, {})]
    by_day: dict[date, list[float]] = defaultdict(list)
    for days in there:
        if len(days) > _NEEDED_DAYS:
            for day, score in days.items():
                by_day[day].append(score)
    return {day: round(fmean(values), 2) for day, values in by_day.items()}


def _usual(days: Mapping[date, float], last: Alert | None, today: date) -> float | None:
    """Median of the days before, without those of the last incident if the score came back from it."""
    low: set[date] = set()
    if last is not None and last.resolved_ts is not None:
        end = last.resolved_ts.date()
        came_back = end in days and days[end] > last.lower
        low = {day for day in days if came_back and last.opened_ts.date() <= day < end}
    earlier = [score for day, score in days.items() if day < today and day not in low]
    if len(earlier) >= _NEEDED_DAYS:
        return median(earlier)
    return last.expected if low and last is not None else None


def _concerned(levels: Mapping[str, _Level], known: Mapping[str, Alert], drop: float) -> list[str]:
    """Subjects that fell, or had; of several with the same datasets in them the narrowest stands for all."""
    narrowest: dict[frozenset[str], str] = {}
    for subject, level in levels.items():
        narrowest.setdefault(level.scored.members, subject)
    return [
        subject
        for subject, level in levels.items()
        if (subject in known and known[subject].active)
        or (level.lost >= drop and narrowest[level.scored.members] == subject)
    ]


def _gone(scored: Sequence[Scored], known: Mapping[str, Alert]) -> list[Alert]:
    """Alerts that go on of what is there no more, such as an owner whose datasets went to another."""
    here = {one.subject for one in scored}
    return [alert for subject, alert in known.items() if alert.active and subject not in here]


def _advanced(
    levels: Mapping[str, _Level], known: Mapping[str, Alert], drop: float, at: datetime
) -> tuple[dict[str, Alert], list[AlertEvent]]:
    """The alerts that change with today's scores, by subject, and what happened to them."""
    alerts: dict[str, Alert] = {}
    events: list[AlertEvent] = []
    for subject in _concerned(levels, known, drop):
        level, before = levels[subject], known.get(subject)
        series = SeriesKey(subject, "", "", _METRIC, SCORECARD)
        finding = Finding(series, at.date().isoformat(), _verdict(level, drop, at))
        policy = replace(_POLICY, owner=level.scored.owner, simulated=level.scored.simulated)
        alert, happened = advance(before, finding, policy)
        if alert is None or alert is before:
            continue
        said = level.said + _who_lost(level, levels)
        if level.lost >= drop:
            evidence = replace(alert.evidence, explanation=said)
            alert = replace(alert, title=f"{level.scored.words}: {level.said}", evidence=evidence)
        alerts[subject] = alert
        events += [replace(event, reason=said) for event in happened]
    return alerts, events


def _who_lost(level: _Level, levels: Mapping[str, _Level]) -> str:
    """The datasets that lost most, where there are several."""
    if level.scored.scope == "dataset":
        return ""
    lost = {name: levels[name].lost for name in level.scored.members if name in levels}
    most = sorted((name for name in lost if lost[name] > 0), key=lambda name: (-lost[name], name))[:_NAMED]
    named = ", ".join(f"{name} {lost[name]:.1f}" for name in most)
    return f"; points lost: {named}" if named else ""


def _follower(alert: Alert, leader: Alert) -> Alert:
    caused_by = "" if leader is alert else leader.alert_id
    return replace(alert, group_key=leader.alert_id, caused_by=caused_by)


def _verdict(level: _Level, drop: float, at: datetime) -> Verdict:
    return Verdict(
        ts=at,
        value=level.score,
        expected=level.usual,
        lower=level.usual - drop,
        upper=100.0,
        scale=drop,
        score=level.lost / drop,
        verdict="anomalous" if level.lost >= drop else "normal",
        method=SCORECARD,
        n=1,
        needed=0,
        params={},
    )
