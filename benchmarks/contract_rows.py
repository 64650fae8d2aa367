"""Rows and a contract of 20 clauses for the contract benchmark; a few rows break each clause."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

#: One row in this many breaks something.
FAULT_EVERY = 100_003
SENSORS = tuple(f"sensor-{number:02d}" for number in range(16))
STATES = ("idle", "ready", "running", "stopped", "failed")
_CHUNK = 1_000_000

CONTRACT = f"""\
apiVersion: v3.2.0
kind: DataContract
id: benchmark
version: 1.0.0
schema:
  - name: readings
    properties:
      - {{name: id, logicalType: integer, required: true, unique: true}}
      - name: ts
        required: true
        logicalType: timestamp
        logicalTypeOptions: {{minimum: "2020-01-01T00:00:00Z", exclusiveMaximum: "2030-01-01T00:00:00Z"}}
      - name: sensor
        logicalType: string
        required: true
        enum: [{", ".join(f"{{value: {name}}}" for name in SENSORS)}]
      - name: value
        logicalType: number
        logicalTypeOptions: {{minimum: -50, maximum: 150}}
        quality: [{{metric: nullValues, mustBeLessOrEqualTo: 2, unit: percent}}]
      - {{name: ch1, required: true, logicalType: number, logicalTypeOptions: {{minimum: 0}}}}
      - {{name: ch2, logicalType: number, logicalTypeOptions: {{exclusiveMinimum: -5, exclusiveMaximum: 5}}}}
      - {{name: ch3, logicalType: number, logicalTypeOptions: {{maximum: 200}}}}
      - name: code
        logicalType: string
        logicalTypeOptions: {{pattern: "^[A-Z]{{2}}-[0-9]{{4}}$", maxLength: 7}}
      - name: state
        logicalType: string
        required: true
        quality: [{{metric: invalidValues, mustBe: 0, arguments: {{validValues: [{", ".join(STATES)}]}}}}]
      - {{name: steps, logicalType: integer, logicalTypeOptions: {{multipleOf: 5}}}}
"""
#: The clauses that are compared: the 20 that peers state too (not that columns exist and have their type).
COMPARED = (
    "id__required", "id__unique", "ts__required", "ts__minimum", "ts__exclusiveMaximum", "sensor__required",
    "sensor__enum", "value__minimum", "value__maximum", "value__nullValues", "ch1__required", "ch1__minimum",
    "ch2__exclusiveMinimum", "ch2__exclusiveMaximum", "ch3__maximum", "code__pattern", "code__maxLength",
    "state__required", "state__invalidValues", "steps__multipleOf",
)  # fmt: skip


def write_rows(path: Path, rows: int) -> None:
    """Write the rows as Parquet, a chunk at a time."""
    with pq.ParquetWriter(path, _chunk(0, 1).schema) as writer:
        for start in range(0, rows, _CHUNK):
            writer.write_table(_chunk(start, min(_CHUNK, rows - start)))


def _chunk(start: int, rows: int) -> pa.Table:
    rng = np.random.default_rng([7, start])
    number = np.arange(start, start + rows)
    fault = number % FAULT_EVERY == FAULT_EVERY - 1
    value = rng.normal(20, 5, rows)
    value[fault] = 1e6
    missing = rng.random(rows) < 0.01
    ch1 = rng.uniform(0, 100, rows)
    ch1[fault] = -1
    ids = np.where(fault, number - 1, number)
    codes = np.array([f"{a}{b}-{n:04d}" for a in "ABCD" for b in "WXYZ" for n in range(0, 10_000, 40)])
    code = codes[rng.integers(0, codes.size, rows)]
    code[fault] = "broken"
    state = np.array(STATES)[rng.integers(0, len(STATES), rows)].astype("U8")
    state[fault] = "unknown"
    begin = np.datetime64("2024-01-01T00:00:00", "us")
    return pa.table(
        {
            "id": pa.array(ids),
            "ts": pa.array(begin + number.astype("timedelta64[s]")).cast(pa.timestamp("us", "UTC")),
            "sensor": pa.array(np.array(SENSORS)[number % len(SENSORS)]),
            "value": pa.array(value, mask=missing),
            "ch1": pa.array(ch1),
            "ch2": pa.array(rng.uniform(-4, 4, rows)),
            "ch3": pa.array(rng.normal(35, 1, rows)),
            "code": pa.array(code),
            "state": pa.array(state),
            "steps": pa.array(rng.integers(0, 1000, rows) * 5),
        }
    )
