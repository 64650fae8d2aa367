"""The store: DuckDB over a DuckLake with its catalog in PostgreSQL."""

from dqm_assets.store.change_log import Changes
from dqm_assets.store.evolve import Change, Evolution
from dqm_assets.store.store import Store, open_store
from dqm_assets.store.tables import TABLES, Column, Table
from dqm_assets.store.transaction import Transaction

__all__ = [
    "TABLES",
    "Change",
    "Changes",
    "Column",
    "Evolution",
    "Store",
    "Table",
    "Transaction",
    "open_store",
]
