"""A service that remembers its series judges as one that reads everything each time, and reads nothing."""

import random
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from dqm_assets.errors import StoreError
from dqm_assets.pipeline.alert_actions import act
from dqm_assets.pipeline.observe import Point, Watch, observe
from dqm_assets.pipeline.series_memory import SeriesMemory
from dqm_assets.quality.alerts import acknowledge
from dqm_assets.quality.sensitivity import Sensitivity
from dqm_assets.store import Store

_START = datetime(2026, 1, 5, tzinfo=UTC)
_WATCHES = [
    Watch("rate", "rate", method="robust", sensitivity=Sensitivity.per_points(1_000), kind="positive"),
    Watch("share", "share", sensitivity=Sensitivity.per_points(1_000), kind="share"),
]
_VERDICTS = """
    SELECT * REPLACE (
        nullif(expected, 'NaN'::DOUBLE) AS expected, nullif(lower, 'NaN'::DOUBLE) AS lower,
        nullif(upper, 'NaN'::DOUBLE) AS upper
    ) FROM (
        SELECT segment, metric, batch, ts, value, expected, lower, upper, score, verdict, n
        FROM monitoring.verdicts WHERE dataset = ?
    ) ORDER BY ALL
"""
_ALERTS = """
    SELECT segment, metric, status, opened_ts, resolved_ts, last_ts, last_batch, severity
    FROM monitoring.alerts WHERE dataset = ? ORDER BY ALL
"""


def _points(i: int, *, rate: float | None = None) -> list[Point]:
    """What is observed at one time: a rate and a share of two segments."""
    noise = random.Random(i)
    at = _START + timedelta(seconds=5 * i)
    found = []
    for segment in ("a", "b"):
        value = rate if rate is not None and segment == "b" else noise.gauss(100, 2)
        found.append(Point("", segment, "rate", f"w{i:04d}", at, value))
        found.append(Point("", segment, "share", f"w{i:04d}", at, 0.02 + noise.uniform(0, 0.01)))
    return found


def _acknowledge(store: Store, dataset: str) -> None:
    [row] = store.rows(
        "SELECT alert_id FROM monitoring.alerts WHERE dataset = ? AND status <> 'resolved'", [dataset]
    )
    act(store, row["alert_id"], partial(acknowledge, actor="ana", at=_START, reason="looking"))


def _live_through(store: Store, dataset: str, memory: SeriesMemory | None) -> None:
    """Calm, a fault that lasts and is acknowledged, calm, a point that comes late, one that is corrected."""

    def look(*points: Point) -> None:
        observe(store, dataset, points, _WATCHES, memory=memory)

    for i in range(30):
        look(*_points(i))
    for i in range(30, 34):
        look(*_points(i, rate=10.0))
    _acknowledge(store, dataset)
    for i in [*range(34, 46), *range(47, 50)]:
        look(*_points(i))
    look(*_points(46, rate=3.0))
    look(replace(_points(49)[0], value=400.0))
    for i in range(50, 70):
        look(*_points(i, rate=900.0 if i == 66 else None))


def test_verdicts_and_alerts_are_the_same_with_a_memory_and_without(store: Store) -> None:
    _live_through(store, "remembered", SeriesMemory(store, "remembered"))
    _live_through(store, "plain", None)
    for sql in (_VERDICTS, _ALERTS):
        assert store.rows(sql, ["remembered"]) == store.rows(sql, ["plain"])
    assert {alert["segment"] for alert in store.rows(_ALERTS, ["plain"])} == {"a", "b"}
    stored = "SELECT count(*) AS n, count(DISTINCT (segment, metric, batch)) AS once FROM metrics.metrics"
    [row] = store.rows(f"{stored} WHERE dataset = 'remembered'")
    assert row["n"] == row["once"]


@pytest.fixture
def asked(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the store is asked for, outside of transactions."""
    statements: list[str] = []
    query = store.query

    def noted(sql: str, *given: object, **named: object) -> object:
        statements.append(sql)
        return query(sql, *given, **named)  # ty: ignore[invalid-argument-type]

    monkeypatch.setattr(store, "query", noted)
    return statements


def test_while_nothing_happens_the_store_is_only_written(store: Store, asked: list[str]) -> None:
    memory = SeriesMemory(store, "source")
    for i in range(3):
        observe(store, "source", _points(i), _WATCHES, memory=memory)
    asked.clear()
    for i in range(3, 30):
        observe(store, "source", _points(i), _WATCHES, memory=memory)
    assert asked == []


@pytest.mark.parametrize(
    "others",
    [
        lambda store: observe(store, "source", _points(20, rate=5.0), _WATCHES),
        lambda store: observe(store, "another", _points(3), _WATCHES),
        lambda store: _written(store, "monitoring.detector_states", "dataset = 'source'"),
    ],
    ids=["a point", "another dataset", "a state"],
)
def test_what_others_write_is_seen(store: Store, asked: list[str], others: Callable[[Store], object]) -> None:
    memory = SeriesMemory(store, "source")
    for i in range(20):
        observe(store, "source", _points(i), _WATCHES, memory=memory)
    others(store)
    asked.clear()
    observe(store, "source", _points(21), _WATCHES, memory=memory)
    assert asked
    for i in range(22):
        observe(store, "plain", _points(i, rate=5.0) if i == 20 else _points(i), _WATCHES)
    newest = "WHERE batch = 'w0021' AND"
    if "w0020" in {row["batch"] for row in store.rows(_VERDICTS, ["source"])}:
        remembered, plain = (
            store.rows(_VERDICTS.replace("WHERE", newest), [name]) for name in ("source", "plain")
        )
        assert remembered == plain


def test_what_could_not_be_written_was_not_learned(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = SeriesMemory(store, "source")
    for i in range(20):
        observe(store, "source", _points(i), _WATCHES, memory=memory)
    with monkeypatch.context() as patch:
        patch.setattr(store, "transaction", lambda *_: nullcontext(_Full()))
        with pytest.raises(StoreError, match="no space"):
            observe(store, "source", _points(20), _WATCHES, memory=memory)
    for i in range(20, 24):
        observe(store, "source", _points(i), _WATCHES, memory=memory)
        observe(store, "plain", [p for j in range(i + 1) for p in _points(j)], _WATCHES)
    assert store.rows(_VERDICTS, ["source"]) == store.rows(_VERDICTS, ["plain"])


class _Full:
    """A transaction that nothing can be written to."""

    def append(self, *_: object) -> None:
        raise StoreError("no space left")

    upsert = query = append


def _written(store: Store, table: str, where: str) -> None:
    with store.transaction() as tx:
        tx.delete(table, where)
