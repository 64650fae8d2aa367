"""The embedded server's own life."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg

from dqm_assets.store.embedded import EmbeddedPostgres


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_only_its_owner_may_enter(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30) / "postgres"
    server = EmbeddedPostgres(home)
    server.join()
    try:
        folder = Path(psycopg.conninfo.conninfo_to_dict(server.url)["host"])
        assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= 107
        assert folder.stat().st_mode & 0o077 == 0
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    finally:
        server.leave()


def test_a_quote_in_the_path_is_no_obstacle(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "it's here" / "postgres")
    server.join()
    server.leave()


def test_the_server_outlives_its_starter_while_somebody_uses_it_and_no_longer(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from dqm_assets.store.embedded import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.join(); print(server.pid, flush=True); input()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "postgres")]
    starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    started = int(starter.stdout.readline())
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.join()
    starter.communicate("\n", timeout=60)
    assert server.pid == started
    server.leave()
    assert server.pid is None


def test_a_server_whose_only_user_was_killed_is_taken_over(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from dqm_assets.store.embedded import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.join(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "postgres")], check=False)
    server = EmbeddedPostgres(tmp_path / "postgres")
    left = server.pid
    assert left is not None
    server.join()
    assert server.pid == left
    server.leave()
    assert server.pid is None


def test_a_home_that_was_removed_is_left_without_a_word(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.join()
    assert server.pid is not None
    process = psutil.Process(server.pid)
    shutil.rmtree(tmp_path / "postgres")
    server.leave()
    # The server itself would notice within a minute; the test does not wait so long.
    process.terminate()
    process.wait(60)
