"""TLS to databases, each with a server that speaks nothing else and an authority of its own."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dqm_assets.sources.databases.connection import open_engine
from dqm_assets.sources.databases.engine import DatabaseError
from dqm_assets.sources.databases.source import DatabaseSource, Tls
from tests.integration.databases.authority import Authority
from tests.integration.databases.mariadb import running_mariadb
from tests.integration.databases.postgres_tls import running_tls_postgres

Url = Callable[[str], str]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that has signed nothing of the servers."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest, authority: Authority) -> Iterator[Url]:
    """Makes the URL of a server whose certificate is for ``localhost``, under the host that is given."""
    files = authority.sign(f"server_{request.param}", host="localhost")
    with ExitStack() as started:
        # The server's own user must be able to reach it, which pytest's folders do not allow.
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="dqm-tls-")))
        if request.param == "postgresql":
            port = started.enter_context(running_tls_postgres(folder, authority, files))
            yield lambda host: f"postgresql://postgres@{host}:{port}/postgres"
        else:
            options = [
                f"--ssl-ca={authority.ca}", f"--ssl-cert={files[0]}", f"--ssl-key={files[1]}",
                "--require-secure-transport=ON",
            ]  # fmt: skip
            url = started.enter_context(running_mariadb(folder, *options))
            yield lambda host: url.replace("127.0.0.1", host)


def asked(url: str, tls: Tls | None) -> None:
    engine = open_engine(DatabaseSource(source="shop", url=url, tls=tls))
    try:
        engine.tables()
    finally:
        engine.close()


def test_a_server_is_believed_when_the_authority_has_signed_its_name(
    server: Url, authority: Authority
) -> None:
    asked(server("localhost"), Tls(mode="verify", ca=str(authority.ca)))


def test_a_server_that_a_stranger_has_signed_is_not_asked(server: Url, stranger: Authority) -> None:
    with pytest.raises(DatabaseError, match="certificate verify failed"):
        asked(server("localhost"), Tls(mode="verify", ca=str(stranger.ca)))


def test_a_file_that_is_not_there_is_told(server: Url) -> None:
    with pytest.raises(DatabaseError, match="/nowhere"):
        asked(server("localhost"), Tls(ca="/nowhere.pem"))


def test_a_server_of_another_name_is_not_asked_unless_nobody_looks(server: Url, authority: Authority) -> None:
    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1"):
        asked(server("127.0.0.1"), Tls(mode="verify", ca=str(authority.ca)))
    asked(server("127.0.0.1"), Tls(mode="require"))


def test_a_server_that_wants_tls_refuses_without(server: Url) -> None:
    with pytest.raises(DatabaseError):
        asked(server("127.0.0.1"), Tls(mode="off"))


def test_a_user_can_be_known_by_a_certificate(server: Url, authority: Authority) -> None:
    url = server("localhost")
    if urlsplit(url).scheme != "postgresql":
        pytest.skip("this server asks for a password")
    url = url.replace("postgres@", "certified@")
    certificate, key = authority.sign("certified")
    tls = Tls(ca=str(authority.ca), certificate=str(certificate), key=str(key))
    asked(url, tls)
    with pytest.raises(DatabaseError, match="certificate"):
        asked(url, Tls(ca=str(authority.ca)))
