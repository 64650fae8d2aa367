"""States as an earlier release wrote them, kept so that no later one loses the ability to read them.

`python -m tests.unit.quality.golden.states` writes the file of the current version; it is run once when a
version of the state's layout is released, and files of older versions are never written again.
"""

import base64
import json
from pathlib import Path

import pyarrow as pa

from dqm_assets.quality._kernel import lib
from dqm_assets.quality.profile import profile

FOLDER = Path(__file__).parent
_ROWS = 9_000  # more than a quantile sketch keeps all of, more different ones than are counted exactly


def table() -> pa.Table:
    """A column of every kind, from arithmetic that is the same everywhere."""
    steps = [i * 7919 % 10_007 for i in range(_ROWS)]
    return pa.table(
        {
            "number": [None if i % 13 == 0 else s / 7 - 300 for i, s in enumerate(steps)],
            "huge": [s * 1e300 if s % 20 == 0 else float("nan") for s in steps],
            "integer": pa.array([2**61 + s for s in steps], pa.int64()),
            "text": [None if i % 11 == 0 else f"name {s % 900}" for i, s in enumerate(steps)],
            "few": [("red", "green", "")[s % 3] for s in steps],
            "at": pa.array([1_700_000_000_000_000 + i * 1_000_000 for i in range(_ROWS)], pa.timestamp("us")),
            "day": pa.array([s % 400 for s in steps], pa.date32()),
            "flag": [s % 5 == 0 for s in steps],
            "nothing": pa.nulls(_ROWS),
        }
    )


def main() -> None:
    """Write the states and the metrics that they must give."""
    version = lib.dqm_state_version()
    columns = {
        name: {"state": base64.b85encode(column.to_bytes()).decode(), "metrics": column.metrics()}
        for name, column in profile(table()).columns.items()
    }
    path = FOLDER / f"states_v{version}.json"
    path.write_text(json.dumps({"version": version, "columns": columns}, indent=1) + "\n")


if __name__ == "__main__":
    main()
