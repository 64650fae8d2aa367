"""The tables of databases that are watched: how far each is known, and how its last look went."""

from dqm_assets.store.table import BIG, FLAG, REAL, TEXT, TIME, declare

DATABASE_TABLES = (
    declare(
        "monitoring.source_tables",
        "source table_name",
        {
            "dataset": TEXT,
            "type": TEXT,
            "address": TEXT,
            "kind": TEXT,
            "period_seconds": BIG,
            "profile": TEXT,
            "owner": TEXT,
            # How the last look ended: SUCCESS or FAILED, and why.
            "status": TEXT,
            "reason": TEXT,
            "late": FLAG,
            "looked_at": TIME,
            # End of the last whole period that was counted, and time of the newest row.
            "watermark": TIME,
            "newest": TIME,
            "age_limit_seconds": REAL,
            "rows_scanned": BIG,
            "seconds": REAL,
            # Relative standard error of row counts where only a share of the rows is looked at.
            "sampling_error": REAL,
        },
    ),
)
