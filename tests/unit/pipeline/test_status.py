"""How a stage ends, also when the store cannot be told."""

from contextlib import contextmanager

import pytest

from dqm_assets.errors import SourceError, StoreError
from dqm_assets.pipeline.status import stage
from dqm_assets.store import Store


class _Lost:
    """A store whose PostgreSQL is away."""

    @contextmanager
    def transaction(self, *tables: str):
        raise StoreError(f"PostgreSQL is away, {tables} cannot be written.")
        yield


def test_the_error_of_a_stage_is_not_hidden_by_a_store_that_is_away() -> None:
    with (
        pytest.raises(SourceError, match="broken file"),
        stage(_Lost(), "orders", "load"),  # ty: ignore[invalid-argument-type]
    ):
        raise SourceError("broken file")


def test_a_failure_is_recorded_with_stage_and_reason_and_keeps_the_last_success(store: Store) -> None:
    with stage(store, "orders", "load") as details:
        details["runs"] = 3
    with pytest.raises(ValueError, match="nothing"), stage(store, "orders", "judge"):
        raise ValueError("nothing to judge")
    [row] = store.rows("SELECT status, stage, reason, last_success FROM monitoring.pipeline_status")
    assert (row["status"], row["stage"], row["reason"]) == ("FAILED", "judge", "nothing to judge")
    assert row["last_success"] is not None
