"""What a transaction records before it writes, against a plain model."""

import uuid

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dqm_assets.errors import StoreError
from dqm_assets.store import Store
from dqm_assets.store.operations import Append, Upsert, append, coalesced, delete, replace, upsert

KEYS = st.sampled_from(["a", "b", "c", "Ä", "it's", ""])
ROWS = st.lists(st.tuples(KEYS, st.none() | st.floats(allow_nan=False, width=32)), min_size=1, max_size=6)


def score_rows(scope: str, rows: list[tuple[str, float | None]]) -> pa.Table:
    return pa.table(
        {
            "scope": [scope] * len(rows),
            "name": [name for name, _ in rows],
            "day": pa.array([0] * len(rows), pa.date32()),
            "score": pa.array([score for _, score in rows], pa.float64()),
        }
    )


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(ROWS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_upserts_in_any_grouping_equal_a_dictionary(store: Store, transactions: list[list]) -> None:
    scope, model = uuid.uuid4().hex, {}
    for statements in transactions:
        with store.transaction() as tx:
            for rows in statements:
                tx.upsert("monitoring.scores", score_rows(scope, rows))
                model.update(rows)
    found = store.rows("SELECT name, score FROM monitoring.scores WHERE scope = ?", [scope])
    assert len(found) == len(model)
    assert {row["name"]: row["score"] for row in found} == model


def test_neighbouring_writes_of_one_table_become_one_statement_and_keep_their_order() -> None:
    first, second = score_rows("s", [("a", 1.0), ("b", 1.0)]), score_rows("s", [("a", 2.0)])
    event = {"alert_id": ["x"], "event_id": ["e"]}
    joined = coalesced(
        [
            upsert("monitoring.scores", first),
            append("monitoring.alert_events", event),
            upsert("monitoring.scores", second),
            append("monitoring.alert_events", event),
        ]
    )
    scores, events = joined
    assert isinstance(scores, Upsert)
    assert isinstance(events, Append)
    assert dict(zip(scores.rows["name"].to_pylist(), scores.rows["score"].to_pylist(), strict=True)) == {
        "a": 2.0,
        "b": 1.0,
    }
    assert events.rows.num_rows == 2


def test_a_delete_between_two_upserts_keeps_its_place() -> None:
    rows = score_rows("s", [("a", 1.0)])
    steps = [
        upsert("monitoring.scores", rows),
        delete("monitoring.scores", "true", []),
        upsert("monitoring.scores", rows),
    ]
    assert coalesced(steps) == steps


def test_upserts_with_other_columns_are_not_joined() -> None:
    rows = score_rows("s", [("a", 1.0)])
    steps = [upsert("monitoring.scores", rows), upsert("monitoring.scores", rows.drop_columns("score"))]
    assert len(coalesced(steps)) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: upsert("monitoring.audit", {"actor": ["me"]}), "no declared key"),
        (lambda: upsert("raw.files", {"a": [1]}), "no declared key"),
        (lambda: append("monitoring.audit", {"who": ["me"]}), "no columns who"),
        (lambda: replace("monitoring.alerts", {"alert_id": ["a"]}, "r"), "does not know batches"),
        (lambda: delete("monitoring.alerts", " ", []), "needs a condition"),
    ],
)
def test_a_write_that_cannot_work_is_refused_when_it_is_recorded(make, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        make()


def test_replacing_marks_every_row_with_its_batch() -> None:
    operation = replace("raw.files", {"a": [1, 2], "_run_id": ["other", "other"]}, "r1")
    assert operation.rows["_run_id"].to_pylist() == ["r1", "r1"]
    assert operation.rows["_loaded_at"].null_count == 0
