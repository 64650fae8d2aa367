"""One enforceable statement of a contract, what judging it gave, and what is refused."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

from dqm_assets.quality.contracts.measure import Measure
from dqm_assets.quality.contracts.threshold import NONE_FAILING, Threshold

Severity = Literal["error", "warning", "info"]
Engine = Literal["duckdb", "arrow", "pandera", "kernel"]


@dataclass(frozen=True)
class Clause:
    """A statement of the contract that data can break."""

    #: Stable name, fit for a Dagster check: letters, digits and underscores.
    id: str
    #: Place in the document, e.g. ``schema[0].properties[2].logicalTypeOptions.minimum``.
    path: str
    line: int
    #: What asks for it: ``column``, ``type``, ``required``, ``minimum``, ``nullValues``, ``sql``, …
    kind: str
    #: Column it is about; empty for the whole dataset.
    column: str
    severity: Severity
    #: Data quality dimension of ODCS: accuracy, completeness, conformity, …
    dimension: str
    description: str
    engine: Engine
    measure: Measure
    threshold: Threshold = NONE_FAILING

    @property
    def blocking(self) -> bool:
        """Whether a failure stops what is downstream."""
        return self.severity == "error"

    @cached_property
    def fingerprint(self) -> str:
        """Stands for what the clause asks and how much it weighs; outcomes with another one are stale."""
        stated = repr((self.kind, self.measure, self.threshold, self.severity))
        return sha256(stated.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ClauseResult:
    """The verdict of one clause on one set of rows."""

    clause: Clause
    passed: bool
    checked_rows: int
    failing_rows: int
    message: str
    #: At most `SAMPLE_ROWS` failing rows with their identity, sensitive values masked.
    sample: list[dict[str, Any]] = field(default_factory=list)
    engine: Engine = "duckdb"
    #: The figure that the threshold compared, in its unit; None when nothing could be measured.
    measured: Any = None
    #: False when the clause could not be judged (a column or a referenced dataset is missing); it then fails.
    judged: bool = True
    #: The column without which it could not be judged, or whose absence is what it tells; else empty.
    missing_column: str = ""


@dataclass(frozen=True)
class Refusal:
    """A statement of the contract that dqm does not enforce, and why; lint and ``--explain`` name it."""

    path: str
    line: int
    column: int
    what: str
    reason: str


@dataclass(frozen=True)
class Note:
    """A statement that is carried elsewhere or only documents: where it went."""

    path: str
    line: int
    what: str
    carried_by: str
