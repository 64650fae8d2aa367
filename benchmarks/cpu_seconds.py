"""CPU seconds of contenders, interleaved in one process so that a noisy machine is noisy for all."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: A contender that takes longer than this gets fewer rounds.
SLOW_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over the rounds."""

    cpu_s: float
    wall_s: float
    rounds: int


def measure(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """Run all contenders in turn, `rounds` times; slow ones at least three times."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, run in contenders.items():
            slow = samples[name] and samples[name][0][0] > SLOW_SECONDS
            if slow and number >= min(rounds, 3):
                continue
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            run()
            samples[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {name: _median(found) for name, found in samples.items()}


def _median(found: list[tuple[float, float]]) -> Cost:
    cpu = statistics.median(sample[0] for sample in found)
    wall = statistics.median(sample[1] for sample in found)
    return Cost(round(cpu, 6), round(wall, 6), len(found))


def ratio(costs: Mapping[str, Cost], peer: str, ours: str) -> float | None:
    """CPU seconds of the peer over ours; None when the peer did not run."""
    return round(costs[peer].cpu_s / costs[ours].cpu_s, 2) if peer in costs else None


def as_report(costs: Mapping[str, Cost]) -> dict[str, dict[str, float]]:
    """The costs as plain numbers for the JSON line."""
    return {
        name: {"cpu_s": cost.cpu_s, "wall_s": cost.wall_s, "rounds": cost.rounds}
        for name, cost in costs.items()
    }
