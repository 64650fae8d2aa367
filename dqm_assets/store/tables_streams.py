"""Tables of the event streams: events, dead letters."""

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
        },
        time="dead_at",
    ),
)
