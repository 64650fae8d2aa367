"""What follows when a batch has not the columns of its contract: the custom property ``driftPolicy``."""

from typing import Any, Literal, get_args

from dqm_assets.quality.contracts.document import Document, Steps, dotted
from dqm_assets.quality.contracts.problem import Problem, nearest

#: ``accept`` only records it, ``warn`` fails the schema check, ``quarantine`` keeps the rows that break the
#: contract out of the raw table, ``block`` stops what is downstream of a run that breaks it.
DriftPolicy = Literal["accept", "warn", "quarantine", "block"]
POLICIES: tuple[DriftPolicy, ...] = get_args(DriftPolicy)
DEFAULT_POLICY: DriftPolicy = "warn"
#: Name of the custom property, of the contract or of one schema entry, which then counts.
PROPERTY = "driftPolicy"


def read_policy(document: Document, index: int | None) -> tuple[DriftPolicy, list[Problem]]:
    """Read the policy of a schema entry, and what is wrong with how it is written.

    Args:
        document: the contract.
        index: position of the schema entry; None for a contract without a schema.
    """
    places: list[Steps] = [] if index is None else [("schema", index, "customProperties")]
    policy: DriftPolicy | None = None
    problems: list[Problem] = []
    for place in [*places, ("customProperties",)]:
        for position, entry in enumerate(_at(document, place)):
            steps = (*place, position)
            name, value = str(entry.get("property")), entry.get("value")
            if _meant(name) and name != PROPERTY:
                problems.append(_problem(document, (*steps, "property"), f"{name!r} is written {PROPERTY!r}"))
            elif name == PROPERTY and value not in POLICIES:
                wrong = f"{PROPERTY}: {value!r} is not one of {', '.join(POLICIES)}"
                told = f"{wrong}{nearest(str(value), list(POLICIES))}"
                problems.append(_problem(document, (*steps, "value"), told))
            elif name == PROPERTY:
                policy = policy or value
    return policy or DEFAULT_POLICY, problems


def _at(document: Document, place: Steps) -> list[dict[str, Any]]:
    found: Any = document.data
    for step in place[:-1]:
        found = found[step]
    return found.get(place[-1]) or []


def _meant(name: str) -> bool:
    """Tell whether a name is the property's but for case and separators."""
    return "".join(letter for letter in name if letter.isalpha()).casefold() == PROPERTY.casefold()


def _problem(document: Document, steps: Steps, message: str) -> Problem:
    line, column = document.position(steps)
    return Problem(line, column, dotted(steps), message, file=document.file)
