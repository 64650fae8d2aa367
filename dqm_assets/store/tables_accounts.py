"""Tables of users and their API tokens."""

from dqm_assets.store.table import BIG, FLAG, TEXT, TIME, declare

ACCOUNT_TABLES = (
    declare(
        "monitoring.users",
        "name",
        {
            "role": TEXT,
            "source": TEXT,
            "subject": TEXT,
            "password_hash": TEXT,
            "active": FLAG,
            # Sessions of an older generation are over.
            "generation": BIG,
            "created_at": TIME,
            "changed_at": TIME,
        },
    ),
    declare(
        "monitoring.tokens",
        "token_id",
        {
            "name": TEXT,
            "role": TEXT,
            "secret_hash": TEXT,
            "created_by": TEXT,
            "created_at": TIME,
            "expires_at": TIME,
            "revoked_at": TIME,
        },
    ),
    declare("monitoring.ended_sessions", "session", {"ends_at": TIME}),
)
#: Tables that an export leaves out.
SECRET_TABLES = frozenset(table.name for table in ACCOUNT_TABLES)
