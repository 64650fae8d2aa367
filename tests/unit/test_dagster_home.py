"""The instance file that a home gets: the shipped one, with runs beside the daemon or on workers."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dqm_assets import dagster_home
from dqm_assets.dagster_home import INSTANCE_FILE, prepare_dagster_home
from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings


def instance_of(settings: Settings) -> dict[str, Any]:
    return YAML(typ="safe").load(prepare_dagster_home(settings) / "dagster.yaml")


def test_without_a_broker_it_is_the_shipped_file(tmp_path: Path) -> None:
    home = prepare_dagster_home(Settings(home=tmp_path, celery_broker=None))
    assert (home / "dagster.yaml").read_bytes() == INSTANCE_FILE.read_bytes()


def test_with_a_broker_runs_go_to_workers_and_all_else_is_as_shipped(tmp_path: Path) -> None:
    local = instance_of(Settings(home=tmp_path, celery_broker=None))
    workers = instance_of(Settings(home=tmp_path, celery_broker="redis://broker:6379/0"))
    assert workers["run_launcher"]["class"] == "WorkerRunLauncher"
    changed = {name for name in workers if workers[name] != local.get(name)}
    assert changed == {"run_launcher", "run_monitoring"}
    assert [path.name for path in (tmp_path / "dagster").iterdir()] == ["dagster.yaml"]


def test_the_password_of_the_broker_is_not_written(tmp_path: Path) -> None:
    home = prepare_dagster_home(Settings(home=tmp_path, celery_broker="redis://:open-sesame@broker/0"))
    assert "open-sesame" not in (home / "dagster.yaml").read_text()


def test_a_broker_without_the_extra_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dagster_home, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'dqm\[celery\]'"):
        prepare_dagster_home(Settings(home=tmp_path, celery_broker="redis://broker/0"))
