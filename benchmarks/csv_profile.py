"""A CSV file of a gigabyte into a full profile, beside DuckDB, polars and ClickHouse (chdb).

Each contender runs in a process of its own, in turn, slow ones at most three times; ratios are its CPU
seconds over ours (medians). `added_mib` is what our process grew by at its peak.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from benchmarks.cpu_seconds import rounds_of
from benchmarks.report import print_report

BATCH_ROWS = 500_000
NULLS = 0.05

# VmHWM begins anew with a program; the peak of getrusage is inherited from the process that started it.
_MEASURE = """
import json, pathlib, sys, time
path = sys.argv[1]
def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])
{prepare}
before = peak()
cpu, wall = time.process_time(), time.perf_counter()
{run}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
after = peak()
print(json.dumps([cpu, wall, (after - before) / 1024]))
"""
_CLICKHOUSE = (
    "count({c}), avg({c}), stddevSamp({c}), min({c}), max({c}), skewSamp({c}), kurtSamp({c}), "
    "quantiles(0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)({c}), uniqCombined({c})"
)
#: What to import first, and what is timed.
CONTENDERS = {
    "ours": (
        "from dqm_assets.quality.profile import profile_csv",
        "p = profile_csv(path)\nassert p.reader == 'csv'\n[c.metrics() for c in p.columns.values()]",
    ),
    "duckdb summarize": (
        "import duckdb",
        'duckdb.execute("SUMMARIZE SELECT * FROM read_csv(\'" + path + "\')").fetchall()',
    ),
    "polars moments": (
        "import polars as pl, polars.selectors as cs",
        "n = cs.numeric()\n"
        "pl.scan_csv(path, try_parse_dates=True)"
        ".select(pl.len().alias('rows'), pl.all().null_count().name.suffix('_n'),"
        " n.mean().name.suffix('_m'), n.std().name.suffix('_s'),"
        " n.min().name.suffix('_l'), n.max().name.suffix('_h'),"
        " n.skew().name.suffix('_k'), n.kurtosis().name.suffix('_t')).collect(engine='streaming')",
    ),
    "clickhouse": (
        "import chdb",
        "numbers = 'id temperature pressure share noise count amount'.split()\n"
        "chdb.query('SELECT ' + ', '.join(" + repr(_CLICKHOUSE) + ".format(c=c) for c in numbers)"
        " + ', uniqCombined(city), uniqCombined(device), min(at), max(at)"
        " FROM file(\\'' + path + '\\', CSVWithNames)')",
    ),
}


def main() -> None:
    """Measure and report; a peer that is not installed is left out and named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    parser.add_argument("--rows", type=int, default=15_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_rows(path, options.rows)
        samples: dict[str, list[list[float]]] = {name: [] for name in CONTENDERS}
        for number in range(options.rounds):
            for name in CONTENDERS:
                if samples[name] and number >= rounds_of(samples[name][0][0], options.rounds):
                    continue
                sample = _sample(name, path)
                if sample is not None:
                    samples[name].append(sample)
                    print(f"{name}, round {number + 1}: {sample[0]:.3f} CPU s", file=sys.stderr)
        size = path.stat().st_size
    costs = {
        name: [statistics.median(s[i] for s in found) for i in range(3)]
        for name, found in samples.items()
        if found
    }
    peers_by_figure = {
        "vs_summarize": "duckdb summarize",
        "vs_clickhouse": "clickhouse",
        "vs_polars": "polars moments",
    }
    figures: dict[str, float | None] = {
        figure: round(costs[name][0] / costs["ours"][0], 2) if name in costs else None
        for figure, name in peers_by_figure.items()
    }
    figures["added_mib"] = round(costs["ours"][2], 1)
    figures["file_mb"] = round(size / 1e6)
    missing = [name for name in CONTENDERS if name not in costs]
    peers: dict[str, object] = {
        name: {
            "cpu_s": round(cpu, 3),
            "wall_s": round(wall, 3),
            "added_mib": round(added, 1),
            "rounds": len(samples[name]),
        }
        for name, (cpu, wall, added) in costs.items()
    }
    peers.update({name: {"note": "not installed: pip install dqm[bench]"} for name in missing})
    print_report("csv_profile", figures, peers, as_json=options.json)


def write_rows(path: Path, rows: int) -> None:
    """Ten columns: a sequence, a time, four measurements, two integers, two texts; 5 % of fields empty."""
    random = np.random.default_rng(30)
    cities = pa.array(["Berlin", "Paris", "Rome", "Madrid", "Oslo"])
    devices = pa.array([f"device-{i}" for i in range(20_000)])
    with path.open("wb") as file:
        for start in range(0, rows, BATCH_ROWS):
            n = min(BATCH_ROWS, rows - start)
            ids = np.arange(start, start + n)

            def some(values: np.ndarray | pa.Array, n: int = n) -> pa.Array:
                missing = pa.array(random.random(n) < NULLS)
                return pc.if_else(missing, None, pa.array(values))

            table = pa.table(
                {
                    "id": ids,
                    "at": pa.array(1_700_000_000 + ids, pa.timestamp("s")).cast(pa.string()),
                    "temperature": some(np.round(random.normal(20, 5, n), 2)),
                    "pressure": some(np.round(random.normal(1013, 8, n), 3)),
                    "share": some(np.round(random.random(n), 6)),
                    "noise": some(np.round(random.normal(size=n), 9)),
                    "count": some(random.integers(0, 1000, n)),
                    "amount": some(random.integers(0, 10**9, n)),
                    "city": some(cities.take(pa.array(random.integers(0, 5, n)))),
                    "device": some(devices.take(pa.array(random.integers(0, 20_000, n)))),
                }
            )
            style = pa.csv.WriteOptions(include_header=start == 0, quoting_style="none")
            pa.csv.write_csv(table, file, style)


def _sample(name: str, path: Path) -> list[float] | None:
    prepare, run = CONTENDERS[name]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(prepare=prepare, run=run), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 and "ModuleNotFoundError" in done.stderr:
        return None
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])  # DuckDB may have printed its progress before


if __name__ == "__main__":
    main()
