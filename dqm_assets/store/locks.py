"""Locks over processes and machines: PostgreSQL advisory locks, which end with their holder."""

import hashlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager

import psycopg

from dqm_assets.errors import StoreError

#: Lock for everything that changes tables: concurrent DDL can corrupt a DuckLake's catalog.
DDL = "ddl"

#: Lock of one maintenance run.
MAINTENANCE = "maintenance"


def key(name: str) -> int:
    """Number of a named lock: the first 63 bits of BLAKE2b, the same in every process."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1


@contextmanager
def held(connection: psycopg.Connection, names: Iterable[str]) -> Generator[None]:
    """Hold the named locks, taken in sorted order so that two holders cannot wait for each other.

    Raises:
        StoreError: PostgreSQL went away while waiting, or found a deadlock with another session.
    """
    keys = sorted({key(name) for name in names})
    taken: list[int] = []
    try:
        try:
            for number in keys:
                connection.execute("SELECT pg_advisory_lock(%s)", [number])
                taken.append(number)
        except psycopg.Error as error:
            raise StoreError(f"The locks of the store cannot be taken: {str(error).strip()}") from error
        yield
    finally:
        if taken and not connection.closed:
            try:
                connection.execute("SELECT pg_advisory_unlock(k) FROM unnest(%s::bigint[]) AS k", [taken])
            except psycopg.Error:
                # Closing releases what the server still holds for this session.
                connection.close()
