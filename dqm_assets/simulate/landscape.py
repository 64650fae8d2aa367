"""The twelve sources of `dqm simulate databases`: which tables they have, and what goes wrong when."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from dqm_assets.simulate.databases import (
    DuckDbHome,
    Fault,
    FolderHome,
    Home,
    Landscape,
    MySqlHome,
    PostgresHome,
    SqliteHome,
    TableModel,
)
from dqm_assets.sources.databases.source import DatabaseSource

#: Days before the simulated month, from which tables learn what is normal.
PAST = 60
_FAULTS = (
    Fault("crm_accounts", "drop", PAST + 9),
    Fault("crm_events", "stopped", PAST + 13),
    Fault("shop_orders", "late", PAST + 12),
    Fault("shop_changes", "stopped", PAST + 20),
    Fault("billing_invoices", "nulls", PAST + 16),
    Fault("stock_items", "surge", PAST + 22),
    Fault("legacy_bookings", "drop", PAST + 18),
    Fault("notes_entries", "late", PAST + 24),
    Fault("lake_sales", "shift", PAST + 11),
    Fault("partner_feed", "drop", PAST + 26),
)
#: A view that answers a row in ten milliseconds, for the source that is too slow.
_SLOW = "CREATE VIEW slow_report AS SELECT *, pg_sleep(0.01)::text AS waited FROM accounts"
#: Contracts of two tables; one is broken by a fault.
_CONTRACT_HEAD = """apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
"""
_CONTRACTS = {
    "billing_invoices": """schema:
  - name: billing_invoices
    properties:
      - {name: id, logicalType: integer, required: true, unique: true}
      - name: customer
        logicalType: string
        quality:
          - {type: library, metric: nullValues, mustBeLessThan: 10, unit: percent}
""",
    "shop_orders": """schema:
  - name: shop_orders
    properties:
      - {name: id, logicalType: integer, required: true, unique: true}
      - {name: amount, logicalType: number, required: true, logicalTypeOptions: {minimum: 0}}
""",
}
#: Tables by source; those of a change log end with their kind.
_POSTGRES = {
    "crm": ("accounts", "events:cdc"),
    "shop": ("orders", "changes:cdc"),
    "billing": ("invoices",),
    "stock": ("items",),
}


def first_day(today: date, days: int) -> date:
    """The Monday from which past and simulated days end today or a few days before."""
    start = today - timedelta(days=PAST + days)
    return start - timedelta(days=start.weekday())


def landscape(folder: Path, new_database: Callable[[str], str], mysql: str | None, start: date) -> Landscape:
    """Ten sources that answer, one at a dead port, and one that does not answer in time.

    Args:
        folder: where files are made; empty.
        new_database: makes a PostgreSQL database of that name and gives its URL.
        mysql: URL of an empty MySQL or MariaDB database; a second SQLite file takes its place when left out.
        start: day from which there is data.
    """
    for name, text in _CONTRACTS.items():
        file = folder / "contracts" / f"{name}.odcs.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{_CONTRACT_HEAD.format(name=name)}{text}")
    urls = {name: new_database(name) for name in _POSTGRES}
    homes: list[Home] = [_home(PostgresHome, name, urls[name], tables) for name, tables in _POSTGRES.items()]
    slow = next(home for home in homes if isinstance(home, PostgresHome))
    slow.also = (_SLOW,)
    if mysql:
        homes.append(_home(MySqlHome, "legacy", mysql, ("bookings",)))
    else:
        homes.append(_home(SqliteHome, "legacy", f"sqlite:///{folder / 'legacy.sqlite'}", ("bookings",)))
    homes += [
        _home(DuckDbHome, "marts", f"duckdb:///{folder / 'marts.duckdb'}", ("revenue",)),
        _home(SqliteHome, "notes", f"sqlite:///{folder / 'notes.sqlite'}", ("entries",)),
        _home(FolderHome, "lake", str(folder / "lake"), ("sales",)),
        _home(FolderHome, "partner", str(folder / "partner"), ("feed",)),
        _home(FolderHome, "exports", str(folder / "exports"), ("daily",)),
    ]
    return Landscape(tuple(homes), _failing(urls["crm"]), _FAULTS, start, PAST)


def _home(kind: type[Home], name: str, url: str, tables: Sequence[str]) -> Home:
    models, documents = [], []
    for table in tables:
        short, _, cdc = table.partition(":")
        dataset = f"{name}_{short}"
        faults = [fault for fault in _FAULTS if fault.table == dataset]
        weekend = 0.3 if name in ("billing", "stock") else 1.0
        models.append(TableModel(dataset, "cdc" if cdc else "batch", 120 if cdc else 300, weekend, faults))
        prefix = {PostgresHome: "public.", DuckDbHome: "main.", SqliteHome: "main."}.get(kind, "")
        document: dict = {"table": f"{prefix}{short}", "freshness": "happened"}
        if cdc:
            document |= {"kind": "cdc", "operation": {"column": "op"}}
        else:
            document |= {
                "columns": ["amount", "customer"],
                "profile": "kernel" if name == "lake" else "pushdown",
            }
        documents.append(document)
    source = {"source": name, "url": url, "owner": f"team-{name}", "simulated": True, "tables": documents}
    return kind(DatabaseSource.model_validate(source | {"statement_timeout": "5m"}), models)


def _failing(url: str) -> tuple[DatabaseSource, ...]:
    dead = {
        "source": "archive",
        "url": "postgresql://reader@127.0.0.1:9/archive",
        "tables": [{"table": "public.orders", "freshness": "happened"}],
    }
    slow = {
        "source": "reports",
        "url": url,
        "statement_timeout": "1s",
        "tables": [{"table": "public.slow_report", "freshness": "happened"}],
    }
    made_up = {"owner": "team-away", "simulated": True, "attempts": 1}
    return tuple(DatabaseSource.model_validate(one | made_up) for one in (dead, slow))
