"""Data contracts in the Open Data Contract Standard: read, linted, compiled, enforced."""

from dqm_assets.quality.contracts.clause import Clause, ClauseResult, Note, Refusal
from dqm_assets.quality.contracts.contract import Contract
from dqm_assets.quality.contracts.load import lint, load_contract, load_contracts
from dqm_assets.quality.contracts.problem import Problem

__all__ = [
    "Clause",
    "ClauseResult",
    "Contract",
    "Note",
    "Problem",
    "Refusal",
    "lint",
    "load_contract",
    "load_contracts",
]
