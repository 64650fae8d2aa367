"""A column's distribution in a run, and the usual one, merged from stored kernel states without a rescan."""

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

from dqm_assets.quality.profile import ColumnProfile, Histogram
from dqm_assets.store import Store

#: Bins of a histogram, and how many GOOD runs make the usual one.
BINS = 40
USUAL_RUNS = 10
TOP_VALUES = 12

STATE = """
SELECT kind, rows, state
FROM metrics.profiles
WHERE dataset = $dataset AND batch = $run_id AND column_name = $column AND segment = ''
"""

USUAL_STATES = """
SELECT p.state
FROM metrics.profiles AS p
JOIN metrics.runs AS r ON r.dataset = p.dataset AND r.run_id = p.batch
JOIN metrics.runs AS this ON this.dataset = p.dataset AND this.run_id = $run_id
WHERE p.dataset = $dataset AND p.column_name = $column AND p.segment = '' AND p.kind = $kind
    AND r.status = 'GOOD' AND r.run_id <> $run_id
    AND coalesce(r.ts, r.landed_at) < coalesce(this.ts, this.landed_at)
ORDER BY coalesce(r.ts, r.landed_at) DESC
LIMIT $limit
"""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a column's values spread in a run: a histogram for numbers, the top values for text."""

    column: str
    kind: str
    rows: int
    histogram: Histogram | None
    usual: Histogram | None
    #: How many earlier GOOD runs the usual histogram is merged from.
    usual_runs: int
    #: (value, estimated rows), the most frequent first.
    top: tuple[tuple[str, float], ...]


def distribution_of(store: Store, dataset: str, run_id: str, column: str) -> Distribution | None:
    """Read a column's distribution from its stored state, or ``None`` if the run has no such column.

    Raises:
        KernelError: the stored bytes are no kernel state.
    """
    key = {"dataset": dataset, "run_id": run_id, "column": column}
    rows = store.rows(STATE, key)
    if not rows:
        return None
    kind, state = rows[0]["kind"], ColumnProfile.from_bytes(bytes(rows[0]["state"]))
    usual, usual_runs = (None, 0)
    histogram = state.histogram(BINS) if kind == "number" else None
    if histogram is not None:
        usual, usual_runs = _usual(store, key)
    top = (
        tuple((str(value), float(rows)) for value, rows, _ in state.top_k())
        if kind in ("string", "boolean")
        else ()
    )
    return Distribution(
        column=column,
        kind=kind,
        rows=int(rows[0]["rows"]),
        histogram=histogram if histogram is not None and _drawable(histogram) else None,
        usual=usual,
        usual_runs=usual_runs,
        top=top,
    )


def _usual(store: Store, key: dict[str, str]) -> tuple[Histogram | None, int]:
    asked = {**key, "kind": "number", "limit": USUAL_RUNS}
    states = [ColumnProfile.from_bytes(bytes(row["state"])) for row in store.rows(USUAL_STATES, asked)]
    if not states:
        return None, 0
    histogram = reduce(ColumnProfile.merge, states).histogram(BINS)
    return (histogram if _drawable(histogram) else None), len(states)


def _top(state: ColumnProfile) -> tuple[tuple[str, float], ...]:
    return tuple((str(value), float(rows)) for value, rows, _ in state.top_k()[:TOP_VALUES])


def _drawable(histogram: Histogram) -> bool:
    """A column that is all null or holds one value only has no bins of some width."""
    return bool(histogram.counts) and all(right > left for left, right in pairwise(histogram.edges))
