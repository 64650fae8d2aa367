"""Schema history: the columns of every run as they came, and what changed since the run before."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dqm_assets.pipeline.rows import as_json
from dqm_assets.pipeline.datasets import Dataset
from dqm_assets.store import Store


@dataclass(frozen=True)
class SchemaRow:
    """A line of ``monitoring.schema_history``."""

    dataset: str
    run_id: str
    ts: datetime
    schema_sha: str
    columns: str
    changes: str
