"""Locks, grouping and failure of transactions."""

import threading
import time

import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.store import Store


def run_row(run: str, **columns: object) -> pa.Table:
    return pa.table({"dataset": ["d"], "run_id": [run], **{name: [value] for name, value in columns.items()}})


def test_threads_that_write_at_once_share_commits_and_lose_nothing(store: Store) -> None:
    before, threads = store.version(), []
    ready = threading.Barrier(8)

    def write(number: int) -> None:
        ready.wait()
        for turn in range(5):
            with store.transaction() as tx:
                tx.upsert("metrics.runs", run_row(f"r{number}-{turn}"))

    for number in range(8):
        threads.append(threading.Thread(target=write, args=(number,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert store.rows("SELECT count(*) AS n FROM metrics.runs") == [{"n": 40}]
    assert store.version() - before < 40


def test_a_bad_transaction_in_a_group_fails_alone(store: Store) -> None:
    errors: list[Exception] = []
    ready = threading.Barrier(6)

    def write(number: int) -> None:
        ready.wait()
        try:
            with store.transaction() as tx:
                tx.upsert("metrics.runs", run_row(f"r{number}", reasons="[]" if number else "{broken"))
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 1
    assert store.rows("SELECT count(*) AS n FROM metrics.runs") == [{"n": 5}]


def test_a_writer_that_is_interrupted_leaves_nobody_believing_that_it_wrote(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = store._writer
    errors: list[BaseException] = []

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    def write(number: int) -> None:
        try:
            with store.transaction() as tx:
                tx.upsert("metrics.runs", run_row(f"r{number}"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    with monkeypatch.context() as patch, writer._leading:
        patch.setattr(writer, "_attempt", interrupted)
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len(writer._waiting) < len(threads):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        writer._leading.release()
        for thread in threads:
            thread.join()
        writer._leading.acquire()
    assert {type(error) for error in errors} == {KeyboardInterrupt, StoreError}
    assert store.rows("SELECT count(*) AS n FROM metrics.runs") == [{"n": 0}]


def test_a_transaction_that_read_holds_its_tables_until_it_ends(store: Store) -> None:
    order: list[str] = []

    def write() -> None:
        with store.transaction() as tx:
            tx.upsert("metrics.runs", run_row("r1", status="second"))
        order.append("second")

    with store.transaction("metrics.runs") as tx:
        tx.query("FROM metrics.runs")
        other = threading.Thread(target=write)
        other.start()
        tx.upsert("metrics.runs", run_row("r1", status="first"))
        other.join(timeout=0.5)
        assert other.is_alive()
        order.append("first")
    other.join()
    assert order == ["first", "second"]
    assert store.rows("SELECT status FROM metrics.runs") == [{"status": "second"}]


def test_another_table_can_be_written_meanwhile(store: Store) -> None:
    with store.transaction("metrics.runs") as tx:
        tx.query("FROM metrics.runs")
        other = threading.Thread(target=lambda: write_score(store))
        other.start()
        other.join(timeout=20)
        assert not other.is_alive()
    assert store.query("FROM monitoring.scores").num_rows == 1


def write_score(store: Store) -> None:
    with store.transaction() as tx:
        row = {"scope": ["s"], "name": ["n"], "day": pa.array([0], pa.date32()), "score": [1.0]}
        tx.upsert("monitoring.scores", pa.table(row))


def test_a_table_that_was_not_declared_is_refused_after_the_first_read(store: Store) -> None:
    with pytest.raises(StoreError, match="has begun without"), store.transaction("metrics.runs") as tx:
        tx.query("FROM metrics.runs")
        tx.upsert("monitoring.datasets", {"dataset": ["d"]})


def test_a_second_transaction_of_a_thread_that_holds_locks_is_refused_rather_than_waiting(
    store: Store,
) -> None:
    with store.transaction("metrics.runs") as outer:
        outer.query("FROM metrics.runs")
        with pytest.raises(StoreError, match="already holds locks"), store.transaction() as inner:
            inner.upsert("metrics.runs", run_row("r1"))
    write_score(store)
    assert store.query("FROM monitoring.scores").num_rows == 1


def test_an_unknown_table_cannot_be_declared(store: Store) -> None:
    with pytest.raises(StoreError, match="not a declared table"), store.transaction("metrics.nothing"):
        pass
