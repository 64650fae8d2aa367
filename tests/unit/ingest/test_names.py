import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.ingest.names import NAME_LIMIT, column_name, table_name, unique_names


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Province/State", "province_state"),
        ("ProvinceState", "province_state"),
        ("Last Update", "last_update"),
        ("  a  ", "a"),
        ("CD111FP", "cd111fp"),
        ("Größe (cm)", "größe_cm"),
        ("東京", "東京"),
        ("_line", "line"),
        ("100%", "100"),
        ("---", ""),
        ("start\n end", "start_end"),
    ],
)
def test_column_names_are_normalised(written: str, name: str) -> None:
    assert column_name(written) == name


def test_names_of_a_file_are_unique() -> None:
    assert unique_names(["a", "A", "", "a 2", "a"]) == ("a", "a_2", "column_3", "a_2_2", "a_3")


@given(st.lists(st.text(max_size=80), max_size=12))
def test_any_header_gives_usable_names(written: list[str]) -> None:
    names = unique_names(written)
    assert len(set(names)) == len(written)
    for name in names:
        assert name
        assert not name.startswith("_")
        assert len(name.encode()) <= NAME_LIMIT


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("covid-daily-reports", "covid_daily_reports"),
        ("2020 data", "t_2020_data"),
        ("Café", "cafe"),
        ("..", "unnamed"),
        ('x"; DROP TABLE y; --', "x_drop_table_y"),
        ("東京", "t_6771_4eac"),
    ],
)
def test_table_names_are_plain_identifiers(dataset: str, name: str) -> None:
    assert table_name(dataset) == name
    assert re.fullmatch(r"[a-z][a-z0-9_]*", table_name(dataset))
