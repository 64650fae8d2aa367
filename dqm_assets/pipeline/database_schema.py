"""Columns of a table in a database: kept when they change, and an alert when readers can break."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.pipeline.pipeline_alerts import advance_alert
from dqm_assets.pipeline.rows import upsert_rows
from dqm_assets.pipeline.schema_history import ArrivedSchema, schema_rows
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import AlertPolicy, Finding
from dqm_assets.quality.drift import SeenColumn
from dqm_assets.quality.verdict import limit_verdict
from dqm_assets.store import Store

DETECTOR = "schema"
#: A change of columns happens once: its alert is for people to close.
_POLICY = AlertPolicy(severity="error", reopen_within=timedelta(), escalate_after=0)

_NEWEST = """
    SELECT columns FROM monitoring.schema_history WHERE dataset = ? ORDER BY ts DESC, run_id DESC LIMIT 1
"""


def keep_schema(
    store: Store, dataset: Dataset, columns: Mapping[str, str], now: datetime, *, owner: str
) -> tuple[str, ...]:
    """Keep the columns when they are not those of the look before.

    Args:
        store: the open store.
        dataset: the table's dataset.
        columns: name and type of each.
        now: time of the look.
        owner: who is told.

    Returns:
        What changed so that readers can break, in words.
    """
    stored = store.rows(_NEWEST, [dataset.name])
    if stored and [(c["name"], c["type"]) for c in json.loads(stored[0]["columns"])] == list(columns.items()):
        return ()
    seen = tuple(SeenColumn(name, kind) for name, kind in columns.items())
    (row,) = schema_rows(store, dataset, [ArrivedSchema(now.isoformat(), now, seen)])
    with store.transaction("monitoring.schema_history") as tx:
        upsert_rows(tx, "monitoring.schema_history", [row])
    changes = [*json.loads(row.changes), *json.loads(row.breaches)]
    broken = tuple(dict.fromkeys(change["detail"] for change in changes if change["breaking"]))
    if broken:
        told = "; ".join(broken)
        series = SeriesKey(dataset.name, "", "", "schema", DETECTOR)
        finding = Finding(series, row.run_id, limit_verdict(DETECTOR, now, 1.0, broken=True))
        advance_alert(store, finding, replace(_POLICY, owner=owner), told, told)
    return broken
