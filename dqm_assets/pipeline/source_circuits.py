"""Circuits of sources as their last looks left them, for people on any machine."""

import json
from collections.abc import Mapping
from datetime import datetime

from dqm_assets.pipeline.attempts import Attempt
from dqm_assets.pipeline.source_tables import SOURCES
from dqm_assets.sources.databases.circuit import Circuit
from dqm_assets.store import Store

_STATE, _FAILURES, _AGAIN = "circuit", "circuit_failures", "circuit_again_at"
_NEWEST = """
    SELECT pipeline, arg_max(details, finished_at) AS details FROM monitoring.pipeline_attempts
    WHERE starts_with(pipeline, ?) GROUP BY pipeline
"""


def tell_circuit(current: Attempt, circuit: Circuit) -> None:
    """Record with an attempt how it left the source's circuit."""
    again = circuit.again_at.isoformat() if circuit.again_at else None
    current.details.update({_STATE: circuit.state, _FAILURES: circuit.failures, _AGAIN: again})


def source_circuits(store: Store, now: datetime) -> Mapping[str, Circuit]:
    """The circuit of each source that was ever asked, by its name.

    Args:
        store: The open store.
        now: The present: a circuit that was open long enough is half-open.
    """
    found = {}
    for row in store.rows(_NEWEST, [SOURCES]):
        details = json.loads(row["details"])
        again = details.get(_AGAIN)
        circuit = Circuit(
            details.get(_STATE, "closed"),
            details.get(_FAILURES, 0),
            datetime.fromisoformat(again) if again else None,
        )
        found[row["pipeline"].removeprefix(SOURCES)] = circuit.at(now)
    return found
