"""URLs, databases and passwords of the PostgreSQL behind the store."""

import psycopg2
import pytest
import sqlalchemy
from psycopg.conninfo import make_conninfo

from dqm_assets.errors import StoreError
from dqm_assets.settings import Settings
from dqm_assets.store import Store, open_store
from dqm_assets.store.postgres import connect, parts, public


def test_both_urls_work_with_psycopg_2_and_with_sqlalchemy(store: Store) -> None:
    for url in (store.postgres_url, store.dagster_postgres_url):
        psycopg2.connect(url).close()
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT current_database()").scalar() == parts(url)["dbname"]
        engine.dispose()
    assert store.postgres_url != store.dagster_postgres_url


def test_a_password_is_never_in_a_message() -> None:
    url = "postgresql://user:secret@127.0.0.1:1/dqm"
    assert public(url) == "postgresql://user:***@127.0.0.1:1/dqm"
    with pytest.raises(StoreError) as caught:
        connect(url)
    assert "secret" not in str(caught.value)


def test_options_of_an_address_are_kept_beside_ours(store: Store) -> None:
    address = make_conninfo(store.postgres_url, options="-c work_mem=5MB")
    with connect(address) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("5MB",)
        assert "tcp_user_timeout" in connection.info.options


@pytest.mark.parametrize("url", ["mysql://u@h/d", "not a url"])
def test_a_url_of_something_else_is_refused_with_an_example(tmp_path, url: str) -> None:
    with pytest.raises(StoreError, match="postgresql://user:password@host"):
        open_store(Settings(home=tmp_path, postgres_url=url))


def test_a_store_of_a_newer_dqm_is_refused(store: Store) -> None:
    with store.connection() as connection:
        connection.execute("INSERT INTO monitoring.migrations VALUES (9999, 'from_the_future', now())")
    with pytest.raises(StoreError, match="install a newer dqm"):
        open_store(store.settings)
