"""How every benchmark reports: one JSON line for machines, a table for people."""

import json
import os
import platform
from typing import Any


def machine() -> dict[str, Any]:
    """Describe where the figures were taken, and how busy it was."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def print_report(name: str, figures: dict[str, Any], peers: dict[str, Any], *, as_json: bool) -> None:
    """Print the figures of a benchmark and of its peers."""
    document = {"benchmark": name, "figures": figures, "peers": peers, "machine": machine()}
    if as_json:
        print(json.dumps(document))
        return
    for title, found in (("dqm", figures), *peers.items()):
        print(title)
        for figure, value in found.items():
            print(
                f"  {figure:<28}{value:>14,.6g}"
                if isinstance(value, int | float)
                else f"  {figure:<28}{value}"
            )
