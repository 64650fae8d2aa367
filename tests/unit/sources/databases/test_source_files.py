"""Source files: what they say, and every mistake with its line."""

from pathlib import Path

import pytest

from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings
from dqm_assets.sources.databases.source_files import check_source, load_sources, source_files

GOOD = """\
source: shop
url: postgresql://reader:${SHOP_PASSWORD}@db.example/shop
owner: sales
statement_timeout: 30s
tables:
  - table: public.orders
    freshness: created_at
  - table: public.orders_log
    kind: cdc
    freshness: at
    operation: {column: op}
"""


def written(folder: Path, text: str, name: str = "shop.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_source_is_read_with_its_secret_from_the_environment(tmp_path: Path) -> None:
    found = check_source(written(tmp_path, GOOD), {"SHOP_PASSWORD": "s3cr@t/x"})

    assert found.problems == ()
    assert found.source is not None
    assert found.source.url == "postgresql://reader:s3cr%40t%2Fx@db.example/shop"
    assert "s3cr" not in repr(found.source)
    assert found.source.address == "postgresql://db.example/shop"
    assert [found.source.dataset_of(table) for table in found.source.tables] == [
        "shop_orders",
        "shop_orders_log",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("${SHOP_PASSWORD}", "hunter2", 2, "the url holds a password; write ${NAME} in its place"),
        ("${SHOP_PASSWORD}", "${NOT_SET}", 2, "set the environment variable NOT_SET"),
        ("postgresql://", "oracle://", 1, "the url's scheme is none of"),
        ("statement_timeout: 30s", "statement_timeout: soon", 4, "a duration is a number with s, m, h or d"),
        ("    freshness: at\n", "", 8, "a cdc table needs freshness"),
        ("kind: cdc", "kind: cdr", 9, "'batch' or 'cdc'"),
        ("owner: sales", "owners: sales", 3, "the key 'owners' is not known here"),
        ("source: shop", "source: My Shop", 1, "small letters, digits and _"),
        ("public.orders_log", "other.orders", 1, "two tables are the dataset 'shop_orders'"),
        ("owner: sales", "schedule: sometimes", 3, "is no cron expression"),
        ("tables:", "tables: [", 6, "broken YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, told: str) -> None:
    found = check_source(written(tmp_path, GOOD.replace(old, new)), {"SHOP_PASSWORD": "x"})

    assert found.source is None
    assert [problem.line for problem in found.problems] == [line]
    assert told in str(found.problems[0])
    assert "hunter2" not in str(found.problems[0])


def test_one_wrong_file_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "x")
    written(tmp_path, GOOD)
    written(tmp_path, "source: nowhere\n", "wrong.yaml")
    written(tmp_path, GOOD, "zoo.yaml")

    files = source_files(Settings(sources=tmp_path))

    assert [one.source.source if one.source else None for one in files] == ["shop", None, None]
    assert "the dataset 'shop_orders' is in shop.yaml too" in str(files[2].problems[0])
    with pytest.raises(SettingsError, match=r"wrong.yaml:1:1: error: the key 'url' is missing"):
        load_sources(Settings(sources=tmp_path))
