"""CPU seconds of contenders, interleaved in one process so that a noisy machine is noisy for all."""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROCESS = Path("/proc/self")

#: Contenders that take longer than so many CPU seconds get at most so many rounds.
FEWER_ROUNDS = ((30.0, 1), (4.0, 3))


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over the rounds."""

    cpu_s: float
    wall_s: float
    #: What the process grew by at its peak; 0 where the system does not tell.
    added_mib: float
    rounds: int


def measure(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """Run all contenders in turn, `rounds` times, slow ones less often; progress goes to stderr."""
    samples: dict[str, list[tuple[float, float, float]]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, run in contenders.items():
            if samples[name] and number >= rounds_of(samples[name][0][0], rounds):
                continue
            gc.collect()
            before = _begin_peak()
            cpu, wall = time.process_time(), time.perf_counter()
            run()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            samples[name].append((cpu, wall, _memory("VmHWM") - before))
            print(f"{name}, round {number + 1}: {cpu:.3f} CPU s", file=sys.stderr)
    return {name: _median(found) for name, found in samples.items()}


def rounds_of(cpu_s: float, rounds: int) -> int:
    """How often a contender that takes so many CPU seconds runs."""
    return next((min(rounds, most) for seconds, most in FEWER_ROUNDS if cpu_s > seconds), rounds)


def _memory(entry: str) -> float:
    status = _PROCESS / "status"
    if not status.exists():
        return 0.0
    return int(status.read_text().split(f"{entry}:")[1].split()[0]) / 1024


def _begin_peak() -> float:
    """Let the peak begin anew; the MiB in use now."""
    clear = _PROCESS / "clear_refs"
    if clear.exists():
        clear.write_text("5")
    return _memory("VmRSS")


def _median(found: list[tuple[float, float, float]]) -> Cost:
    cpu, wall, added = (statistics.median(sample[i] for sample in found) for i in range(3))
    return Cost(round(cpu, 6), round(wall, 6), round(added, 1), len(found))


def ratio(costs: Mapping[str, Cost], peer: str, ours: str) -> float | None:
    """CPU seconds of the peer over ours; None when the peer did not run."""
    return round(costs[peer].cpu_s / costs[ours].cpu_s, 2) if peer in costs else None


def as_report(costs: Mapping[str, Cost]) -> dict[str, dict[str, float]]:
    """The costs as plain numbers for the JSON line."""
    return {
        name: {"cpu_s": cost.cpu_s, "wall_s": cost.wall_s, "added_mib": cost.added_mib, "rounds": cost.rounds}
        for name, cost in costs.items()
    }
