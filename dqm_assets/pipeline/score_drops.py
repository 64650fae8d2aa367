"""Scores that fall: a day that is far below what a dataset usually scores is one alert, until it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from dqm_assets.pipeline.pipeline_alerts import advance_alert
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding
from dqm_assets.quality.scorecard import SCORECARD, WEIGHTS, Part, weights_of
from dqm_assets.quality.verdict import Verdict
from dqm_assets.settings import Settings
from dqm_assets.store import Store

_METRIC = "score"
#: Days whose median is what a dataset usually scores, and how many of them must be there.
_USUAL_DAYS, _NEEDED_DAYS = 7, 3
#: Why a score fell is told by alerts of its own: this one tells owners of a portfolio.
_POLICY = AlertPolicy(severity="warning", resolve_after=1, reopen_within=timedelta(days=1), escalate_after=0)

_SCORES = """
    WITH told AS (
        SELECT dataset, arg_max(expected, opened_ts) AS before FROM monitoring.alerts
        WHERE detector = $scorecard AND status <> 'resolved' GROUP BY dataset
    )
    SELECT s.name, max_by(s.score, s.day) AS score,
        list(s.score) FILTER (s.day < $today) AS earlier, any_value(t.before) AS before,
        any_value(coalesce(d.owner, '')) AS owner, any_value(coalesce(d.simulated, false)) AS simulated
    FROM monitoring.scores AS s LEFT JOIN told AS t ON t.dataset = s.name
    LEFT JOIN monitoring.datasets AS d ON d.dataset = s.name
    WHERE s.scope = $scope AND s.day BETWEEN $first AND $today
    GROUP BY s.name HAVING max(s.day) = $today
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


def tell_drops(store: Store, scope: str, today: date, drop: float) -> int:
    """Open, go on with, or end the alert of each dataset whose score fell.

    The usual score is the median of the last days before; while an incident lasts, it is what it was before
    the fall, so that a low score does not become usual. An incident is known by its dataset and the day it
    began on, so telling the same day again changes nothing.

    Args:
        store: The open store, with today's scores.
        scope: Which scores.
        today: The day that is judged.
        drop: Points below the usual score from which a dataset has fallen.

    Returns:
        Number of alerts that were opened.
    """
    asked = {
        "scope": scope,
        "today": today,
        "first": today - timedelta(days=_USUAL_DAYS),
        "scorecard": SCORECARD,
    }
    opened = 0
    for row in store.rows(_SCORES, asked):
        earlier, score = row["earlier"] or [], row["score"]
        if row["before"] is None and len(earlier) < _NEEDED_DAYS:
            continue
        usual = row["before"] if row["before"] is not None else median(earlier)
        fell = usual - score >= drop
        if not fell and row["before"] is None:
            continue
        series = SeriesKey(row["name"], "", "", _METRIC, SCORECARD)
        at = datetime.combine(today, time(), UTC)
        finding = Finding(series, today.isoformat(), _verdict(score, usual, drop, at))
        words = f"health score is {score:.1f}, usually {usual:.1f}"
        title = f"{row['name']}: {words}" if fell else ""
        policy = replace(_POLICY, owner=row["owner"], simulated=row["simulated"])
        alert = advance_alert(store, finding, policy, title, words)
        opened += row["before"] is None and alert is not None and alert.active
    return opened


def _verdict(score: float, usual: float, drop: float, at: datetime) -> Verdict:
    return Verdict(
        ts=at,
        value=score,
        expected=usual,
        lower=usual - drop,
        upper=100.0,
        scale=drop,
        score=(usual - score) / drop,
        verdict="anomalous" if usual - score >= drop else "normal",
        method=SCORECARD,
        n=1,
        needed=0,
        params={},
    )
