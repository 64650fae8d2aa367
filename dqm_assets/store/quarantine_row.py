"""A row of the quarantine, which every source writes alike."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class QuarantineRow:
    """A line of ``raw.quarantine``: what was kept out, and why."""

    dataset: str
    run_id: str
    line: int
    column_name: str
    file: str
    code: str
    reason: str
    raw_text: str
    quarantined_at: datetime
