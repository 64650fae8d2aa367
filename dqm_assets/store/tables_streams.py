"""Tables of the event streams: events, dead letters, windows, the health of consumers."""

from dqm_assets.store.table import BIG, BYTES, FLAG, REAL, TEXT, TIME, declare

STREAM_TABLES = (
    # Append-only: an event is there once because its offset is committed with it, not because of a key.
    declare(
        "raw.stream_events",
        "",
        {
            "topic": TEXT,
            "partition": BIG,
            "record_offset": BIG,
            "event_id": TEXT,
            "source": TEXT,
            "sensor": TEXT,
            "ts": TIME,
            "value": REAL,
            "status": TEXT,
            "produced_at": TIME,
            "late": FLAG,
            "simulated": FLAG,
            "stored_at": TIME,
        },
        sort="source ts",
        time="stored_at",
    ),
    declare(
        "raw.dead_letters",
        "topic partition record_offset",
        {
            "partition": BIG,
            "record_offset": BIG,
            "code": TEXT,
            "reason": TEXT,
            "raw": BYTES,
            "produced_at": TIME,
            "simulated": FLAG,
            "dead_at": TIME,
            "replayed_at": TIME,
            "forwarded_at": TIME,
        },
        time="dead_at",
    ),
    # What was counted of a window between two looks of a consumer: a window is the sum of its rows. They
    # commit together with the offset up to which a partition is counted, so that each record counts once.
    declare(
        "metrics.stream_windows",
        "",
        {
            "topic": TEXT,
            "source": TEXT,
            "window_start": TIME,
            "window_seconds": REAL,
            "events": BIG,
            "dead_letters": BIG,
            "error_events": BIG,
            "late": BIG,
            "duplicates": BIG,
            "state": BYTES,
            "simulated": FLAG,
            "stored_at": TIME,
        },
        sort="window_start source",
        time="stored_at",
    ),
    # What a consumer says of itself, every few seconds; latency is from the broker to the commit.
    declare(
        "monitoring.stream_health",
        "",
        {
            "topic": TEXT,
            "consumer": TEXT,
            "ts": TIME,
            "seconds": REAL,
            "events": BIG,
            "dead_letters": BIG,
            "lag": BIG,
            "p50_ms": REAL,
            "p99_ms": REAL,
            "commit_ms": REAL,
            "verdict_ms": REAL,
            "claims": BIG,
            "simulated": FLAG,
        },
        sort="ts",
        time="ts",
    ),
)
