"""The PostgreSQL behind the store: one database for the lake's catalog, one for Dagster's instance."""

from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dqm_assets.errors import StoreError
from dqm_assets.settings import Settings
from dqm_assets.store.embedded import EmbeddedPostgres

#: Keeps a dead machine's locks from outliving it by more than half a minute; ignored on Unix sockets.
#: Nobody asks a peer that owes an acknowledgement whether it lives: then it is the user timeout that ends it.
KEEPALIVE = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
    "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=25000",
}


@dataclass(frozen=True)
class Databases:
    """URLs of the two databases, as libpq, psycopg 2 and 3, and SQLAlchemy 2.0 understand them."""

    lake: str
    dagster: str


class Postgres:
    """The server of these settings: the embedded one, or the one at ``DQM_POSTGRES_URL``."""

    def __init__(self, settings: Settings) -> None:
        self._embedded = (
            None if settings.postgres_url else EmbeddedPostgres(settings.home.absolute() / "postgres")
        )
        self._url = settings.postgres_url

    @property
    def embedded(self) -> EmbeddedPostgres | None:
        """The embedded server, when that is what is used."""
        return self._embedded

    def join(self) -> Databases:
        """Make sure that the server runs and has both databases.

        The names are ``dqm_lake`` and ``dqm_dagster``, or ``<name>_lake`` and ``<name>_dagster`` where
        the URL names a database other than ``postgres``.

        Raises:
            StoreError: no answer, or the databases are missing and cannot be made.
        """
        if self._embedded:
            self._embedded.join()
        url = _parsed(self._embedded.url if self._embedded else self._url or "")
        named = unquote(url.path.lstrip("/"))
        base = named if named and named != "postgres" else "dqm"
        databases = Databases(*(_with_database(url, f"{base}_{part}") for part in ("lake", "dagster")))
        for database in (databases.lake, databases.dagster):
            _ensure(url, database)
        return databases

    def leave(self) -> None:
        """Give up this process's share in the embedded server; the last one stops it."""
        if self._embedded:
            self._embedded.leave()


def connect(url: str) -> psycopg.Connection:
    """Open a connection in autocommit mode whose locks end with this process or machine.

    Raises:
        StoreError: PostgreSQL does not answer.
    """
    try:
        return psycopg.connect(_lasting(url), autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise StoreError(f"PostgreSQL at {public(url)} does not answer: {str(error).strip()}") from error


def _lasting(url: str) -> str:
    """The address with `KEEPALIVE`, beside the options that it has of its own."""
    options = " ".join(filter(None, (parts(url).get("options"), KEEPALIVE["options"])))
    return make_conninfo(url, **KEEPALIVE | {"options": options})


def parts(url: str) -> dict[str, str]:
    """Pieces of a URL: ``host``, ``port``, ``dbname``, ``user`` and what else it names."""
    return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}


def _parsed(text: str) -> SplitResult:
    url = urlsplit(text)
    if url.scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise StoreError("DQM_POSTGRES_URL must look like postgresql://user:password@host:5432/dqm")
    return url._replace(scheme="postgresql")


def _with_database(url: SplitResult, name: str) -> str:
    text = url._replace(path=f"/{quote(name)}").geturl()
    # geturl() drops the slashes of an empty host, which is how a socket URL may be written.
    return text if text.startswith("postgresql://") else text.replace("postgresql:", "postgresql://", 1)


def public(url: str) -> str:
    """Write a URL without its password."""
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@") if password else url


def _ensure(server: SplitResult, database: str) -> None:
    """Create the database unless it is there; races between processes are fine."""
    try:
        psycopg.connect(database, connect_timeout=10).close()
    except psycopg.OperationalError:
        pass
    else:
        return
    name = parts(database)["dbname"]
    try:
        with connect(_with_database(server, "postgres")) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return
    except psycopg.Error as error:
        raise StoreError(
            f"PostgreSQL has no database {name} and it cannot be made ({str(error).strip()}). "
            f"Let an administrator run: CREATE DATABASE {name}"
        ) from error
