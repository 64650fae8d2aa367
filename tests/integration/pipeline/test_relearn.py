"""Learning from what people said: previewed by replay, accepted, heeded."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.alert_actions import act
from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.pipeline.relearn import (
    LearnedRow,
    accept,
    label_alert,
    labelled_series,
    preview_relearning,
)
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.pipeline.training import training_of
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import mute
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store, open_store

_START = datetime(2026, 1, 5, tzinfo=UTC)
_SERIES = SeriesKey("sales", "", "", "orders", "daily")
WATCH = Watch("orders", "daily", method="robust", sensitivity=Sensitivity.per_points(200))
#: Small bumps that nobody minds, and one fall that matters.
_BUMPS, _FALL = (40, 55, 70), 85


def _point(i: int, value: float) -> Point:
    return Point("", "", "orders", f"b{i:04d}", _START + timedelta(days=i), value)


def _history(count: int = 95) -> list[Point]:
    noise = random.Random(5)
    values = [1_000 + noise.gauss(0, 10) for _ in range(count)]
    for place in _BUMPS:
        values[place] = 1_038
    values[_FALL] = 300
    return [_point(i, value) for i, value in enumerate(values)]


def _alerts(store: Store) -> dict[int, dict]:
    rows = store.rows("SELECT * FROM monitoring.alerts WHERE dataset = 'sales' AND metric = 'orders'")
    return {(row["opened_ts"] - _START).days: row for row in rows}


@pytest.fixture
def watched(store: Store) -> Store:
    observe(store, "sales", _history(), [WATCH])
    return store


def test_false_alarms_are_previewed_then_accepted_and_do_not_come_back(watched: Store) -> None:
    found = _alerts(watched)
    assert set(found) >= {*_BUMPS, _FALL}
    for place in _BUMPS:
        label_alert(watched, found[place]["alert_id"], "false_alarm", "ana", "promotion")
    label_alert(watched, found[_FALL]["alert_id"], "incident", "ana")
    assert labelled_series(watched) == [_SERIES]
    version = watched.version()
    preview = preview_relearning(watched, _SERIES)
    assert watched.version() == version
    assert preview.preview.lost == ()
    assert len(preview.preview.gone) == len(_BUMPS)
    assert "3 unwanted alerts would go" in preview.summary
    outcome = {(one.opened_ts - _START).days: (one.said, one.outcome) for one in preview.outcomes}
    assert outcome[_BUMPS[0]] == ("false_alarm", "goes")
    assert outcome[_FALL] == ("incident", "stays")

    before = observe(watched, "sales", [_point(95, 1_038)], [WATCH])
    assert before.opened == 1
    accept(watched, preview, "ana")
    assert labelled_series(watched) == []
    after = observe(watched, "sales", [_point(110, 1_038)], [WATCH])
    assert (after.anomalous, after.verdicts) == (0, 1)
    fall = observe(watched, "sales", [_point(120, 200)], [WATCH])
    assert fall.anomalous == 1
    [learned] = watched.rows("SELECT widen, accepted_by FROM monitoring.learned")
    assert learned["widen"] > 1
    assert learned["accepted_by"] == "ana"


def test_what_was_expected_is_learned_as_normal(store: Store) -> None:
    noise = random.Random(6)
    points = [_point(i, noise.gauss(1_000, 10)) for i in range(40)]
    points += [_point(i, noise.gauss(2_000, 10)) for i in range(40, 60)]
    watch = replace(WATCH, method="zscore", adapt_after=1_000)
    observe(store, "sales", points, [watch])
    [alert] = _alerts(store).values()
    assert alert["status"] == "open"
    label_alert(store, alert["alert_id"], "expected", "ana", "new shop")
    accept(store, preview_relearning(store, _SERIES), "ana")
    summary = observe(store, "sales", [_point(60, 2_000), _point(61, 1_000)], [watch])
    assert summary.anomalous == 0
    [last] = store.rows("SELECT n FROM monitoring.verdicts WHERE batch = 'b0061'")
    assert last["n"] == 61


def test_a_label_that_nobody_accepted_changes_nothing(watched: Store) -> None:
    label_alert(watched, _alerts(watched)[_BUMPS[0]]["alert_id"], "false_alarm", "ana")
    assert observe(watched, "sales", [_point(95, 1_038)], [WATCH]).opened == 1


def test_what_was_said_after_the_preview_waits_for_the_next_one(watched: Store) -> None:
    first, second = (_alerts(watched)[place]["alert_id"] for place in _BUMPS[:2])
    label_alert(watched, first, "false_alarm", "ana")
    preview = preview_relearning(watched, _SERIES)
    label_alert(watched, second, "expected", "ben")
    accept(watched, preview, "ana")
    assert labelled_series(watched) == [_SERIES]
    accept(watched, preview_relearning(watched, _SERIES), "ana")
    assert labelled_series(watched) == []


def test_muted_points_teach_nothing(store: Store) -> None:
    observe(store, "sales", [_point(i, 1_000 + i % 7) for i in range(30)], [WATCH])
    observe(store, "sales", [_point(30, 5_000)], [WATCH])
    [alert] = _alerts(store).values()
    act(store, alert["alert_id"], lambda one: mute(one, "ana", "migration", datetime.now(UTC)))
    observe(store, "sales", [_point(i, 5_000 + i) for i in range(31, 100)], [WATCH])
    [last] = store.rows("SELECT n, expected FROM monitoring.verdicts WHERE batch = 'b0099'")
    assert last["n"] == 30
    assert last["expected"] < 1_100


def test_a_series_of_which_nobody_said_anything_cannot_be_relearned(watched: Store) -> None:
    with pytest.raises(SettingsError, match="Nobody has said anything"):
        preview_relearning(watched, SeriesKey("sales", "", "", "orders", "other"))


def test_what_another_process_was_told_is_heeded_at_once(store: Store) -> None:
    """Training is kept between judgements, and read again when the catalog says that people said more."""
    series = SeriesKey("spoken", "", "", "share", "ensemble")
    assert training_of(store, "spoken").widened == {}
    now = datetime.now(UTC)
    with open_store(store.settings) as other, other.transaction() as tx:
        upsert_rows(
            tx,
            "monitoring.learned",
            [LearnedRow(series.dataset, "", "", series.metric, series.detector, 3.0, "me", now, "{}")],
        )
    assert training_of(store, "spoken").widened == {series: 3.0}
    assert training_of(store, "spoken").widened == {series: 3.0}
