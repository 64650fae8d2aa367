"""What becomes of every statement of a contract, for ``--explain``."""

from collections.abc import Sequence
from dataclasses import dataclass

from dqm_assets.quality.contracts.clause import Clause, Note, Refusal

_ENGINES = {
    "duckdb": "Arrow kernels where they can tell, else DuckDB, in one pass",
    "arrow": "Arrow kernels, in one pass",
    "pandera": "Pandera, on the distinct values",
    "kernel": "the profile kernel",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One statement of the contract and what enforces it."""

    line: int
    path: str
    statement: str
    #: ``enforced``, ``carried`` (by another check, or documentation) or ``refused``.
    state: str
    how: str


def explain(
    clauses: Sequence[Clause], notes: Sequence[Note], refusals: Sequence[Refusal]
) -> list[Explanation]:
    """List every clause, note and refusal in the order of the file."""
    enforced = [
        Explanation(clause.line, clause.path, clause.description, "enforced",
                    f"{_ENGINES[clause.engine]}; {clause.severity}")
        for clause in clauses
    ]  # fmt: skip
    carried = [Explanation(note.line, note.path, note.what, "carried", note.carried_by) for note in notes]
    refused = [
        Explanation(refusal.line, refusal.path, refusal.what, "refused", refusal.reason)
        for refusal in refusals
    ]
    return sorted([*enforced, *carried, *refused], key=lambda row: (row.line, row.path))
