"""Settings come from the environment; a wrong one is one line that names it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings, settings

Environment = Callable[..., Settings]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """Reads the settings of an environment that has these variables only."""
    for name in [name for name in os.environ if name.startswith("DQM_")]:
        monkeypatch.delenv(name)

    def read(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return settings()

    yield read
    settings.cache_clear()


def test_everything_lies_below_the_home_by_default(environment: Environment, tmp_path: Path) -> None:
    found = environment(DQM_HOME=str(tmp_path))
    assert found.landing_folder == tmp_path / "landing"
    assert found.store_location == str(tmp_path / "store")
    assert found.dagster_home == tmp_path / "dagster"
    assert found.postgres_url is None
    assert (found.contracts / "detector_runs.odcs.yaml").is_file()


def test_each_place_can_be_moved(environment: Environment, tmp_path: Path) -> None:
    found = environment(DQM_LANDING=str(tmp_path / "in"), DQM_STORE_PATH="s3://bucket/x", DQM_PORT="9000")
    assert found.landing_folder == tmp_path / "in"
    assert found.store_location == "s3://bucket/x"
    assert found.dashboard_url == "http://127.0.0.1:9000"


def test_a_home_relative_to_where_we_are_is_made_absolute(environment: Environment) -> None:
    assert environment(DQM_HOME="somewhere").home == Path.cwd() / "somewhere"


def test_an_empty_variable_is_as_good_as_none(environment: Environment) -> None:
    assert environment(DQM_PORT="", DQM_POSTGRES_URL="").port == 8050


@pytest.mark.parametrize(
    ("name", "value"),
    [("DQM_PORT", "eighty"), ("DQM_PORT", "0"), ("DQM_RETENTION_DAYS", "0"), ("DQM_DAGSTER_PORT", "70000")],
)
def test_a_wrong_value_is_one_line_that_names_variable_and_value(
    environment: Environment, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        environment(**{name: value})
    message = str(caught.value)
    assert f"{name}='{value}'" in message
    assert "\n" not in message


def test_all_wrong_values_are_told_at_once(environment: Environment) -> None:
    with pytest.raises(SettingsError, match=r"DQM_PORT.*DQM_RETENTION_DAYS|DQM_RETENTION_DAYS.*DQM_PORT"):
        environment(DQM_PORT="x", DQM_RETENTION_DAYS="y")
