"""One plain DuckDB file with everything."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dqm_assets.errors import StoreError
from dqm_assets.store import TABLES, Store
from dqm_assets.store.export import export
from dqm_assets.store.tables_accounts import SECRET_TABLES


def test_the_file_opens_without_dqm_and_holds_every_table_and_row(store: Store, tmp_path: Path) -> None:
    store.ensure_table("raw.readings", pa.schema([("v", pa.int64())]))
    with store.transaction() as tx:
        tx.replace("raw.readings", pa.table({"v": [1, 2, 3]}), batch="r1")
        tx.upsert(
            "metrics.runs", pa.table({"dataset": ["d"], "run_id": ["r1"], "reasons": ['[{"code": "x"}]']})
        )
    report = export(store, tmp_path / "out" / "dqm.duckdb")
    assert report.tables == len(TABLES) + 1 - len(SECRET_TABLES)
    with duckdb.connect(str(report.path), read_only=True) as plain:
        assert plain.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('users', 'tokens')"
        ).fetchone() == (0,)
        assert plain.execute("SELECT sum(v) FROM raw.readings").fetchone() == (6,)
        assert plain.execute("SELECT reasons[0].code::VARCHAR FROM metrics.runs").fetchone() == ('"x"',)


def test_an_existing_file_is_replaced_only_when_asked(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "dqm.duckdb"
    path.write_text("precious")
    with pytest.raises(StoreError, match="exists"):
        export(store, path)
    assert path.read_text() == "precious"
    export(store, path, overwrite=True)
    with duckdb.connect(str(path), read_only=True) as plain:
        assert plain.execute("SELECT count(*) FROM metrics.runs").fetchone() == (0,)
