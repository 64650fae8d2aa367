"""Tables of the device fleet: the inventory, the payloads, the segment counts, and what was cut off."""

from dqm_assets.store.table import BIG, DAY, FLAG, REAL, TEXT, TIME, declare

DEVICE_TABLES = (
    declare(
        "raw.devices",
        "device_code",
        {
            "acquisition_sequence": TEXT,
            "branch_id": TEXT,
            "state": TEXT,
            "has_error": FLAG,
            "machine_type": TEXT,
            "machine_model": TEXT,
            "supplier": TEXT,
            "network_address": TEXT,
            "operating_system": TEXT,
            "os_version": TEXT,
            "acquisition_date": DAY,
            "last_connection_ts": TIME,
            "loaded_at": TIME,
        },
    ),
    # The payload as it was received, beside what was asked.
    declare(
        "raw.device_payloads",
        "ts",
        {
            "ts": TIME,
            "received_at": TIME,
            "question": TEXT,
            "payload": TEXT,
            "requests": BIG,
            "simulated": FLAG,
        },
        time="received_at",
    ),
    declare(
        "raw.segment_timeseries",
        "ts segment dim1_name dim1_value dim2_name dim2_value dim3_name dim3_value",
        {"ts": TIME, "count": BIG},
        sort="ts segment",
        time="ts",
    ),
    # Parts of the fleet that are, or were, cut off: devices in them are not judged again in other segments.
    declare(
        "monitoring.device_incidents",
        "dimension value started",
        {"started": TIME, "level": REAL, "ended": TIME, "lost": BIG, "inventory": BIG},
        sort="started",
        time="started",
    ),
)
