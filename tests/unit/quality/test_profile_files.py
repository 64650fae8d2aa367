"""CSV and Parquet files: the own reader and DuckDB give the same metrics on everything both can read."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from dqm_assets.errors import SourceError
from dqm_assets.quality._kernel import lib
from dqm_assets.quality.profile import Profile, profile, profile_csv, profile_parquet

SHARED = Path(__file__).parents[4] / "shared" / "data"
NAB = "nab/data/realKnownCause/machine_temperature_system_failure.csv"


def through_duckdb(path: Path) -> Profile:
    with duckdb.connect() as connection:
        return profile(connection.execute("SELECT * FROM read_csv(?)", [str(path)]).to_arrow_reader(65_536))


def facts(found: Profile) -> dict:
    return {name: (c.kind, c.metrics(), c.top_k()) for name, c in found.columns.items()}


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")
def test_both_readers_agree_on_every_shared_file() -> None:
    own = 0
    for path in sorted(SHARED.rglob("*.csv")):
        try:
            found = profile_csv(path)
        except SourceError:
            continue
        if found.reader == "csv":
            own += 1
            assert facts(found) == facts(through_duckdb(path)), path
    assert own > 100


TYPED = """id,name,score,day,at,ok
1,Ann,1.5,2024-02-29,2024-02-29 12:00:00,true
2,"Bo ""B"", jr",,1969-12-31,1969-12-31 23:59:59.5,false
-3,Çe,-2e3,,2024-01-01,
,"two
lines",17.123456789012345,2000-01-01,2000-01-01T00:00:01,TRUE
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_own_reader_reads_types_quotes_and_newlines(tmp_path: Path, newline: str, mark: str) -> None:
    path = write(tmp_path, mark + TYPED.replace("\n", newline))
    found = profile_csv(path)
    assert found.reader == "csv"
    assert [c.kind for c in found.columns.values()] == [
        "number",
        "string",
        "number",
        "time",
        "time",
        "boolean",
    ]
    assert facts(found) == facts(through_duckdb(path))
    assert found.columns["score"].metrics()["max"] == 17.123456789012345
    assert found.columns["at"].metrics()["min"] == "1969-12-31 23:59:59.500000"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    path = write(tmp_path, f"a{delimiter}b\n1{delimiter}x\n2{delimiter}y\n")
    found = profile_csv(path)
    assert (found.reader, list(found.columns), found.rows) == ("csv", ["a", "b"], 2)


DOUBTFUL = {
    "no header": "1,2\n3,4\n5,6\n",
    "American dates": "day,x\n1/22/2020,1\n2/1/2020,2\n",
    "leading zeros": "zip,x\n08123,1\n90210,2\n",
    "one column": "a\n1\n2\n",
    "all text": "a,b\nx,y\nz,w\n",
    "repeated names": "a,a\n1,2\n3,4\n",
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_in_doubt_goes_through_duckdb(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, DOUBTFUL[name])
    found = profile_csv(path)
    assert found.reader == "duckdb"
    assert facts(found) == facts(through_duckdb(path))


def test_a_wider_value_beyond_the_sample_widens_the_column(tmp_path: Path) -> None:
    lines = [f"{i},{i},2024-01-01" for i in range(150_000)]
    lines[120_000] = "7.5,7,2024-01-01 10:00:00"
    lines[140_000] = "8,unknown,2024-01-01"
    found = profile_csv(write(tmp_path, "a,b,c\n" + "\n".join(lines)))
    assert found.reader == "csv"
    assert found.rows == 150_000
    assert [c.kind for c in found.columns.values()] == ["number", "string", "time"]
    assert found.columns["a"].metrics()["sum"] == sum(range(150_000)) - 120_000 + 7.5 - 140_000 + 8
    assert found.columns["c"].metrics()["max"] == "2024-01-01 10:00:00"


def test_numbers_are_read_to_the_last_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    bits = rng.integers(0, 2**63, 4000, dtype=np.uint64) | (
        rng.integers(0, 2, 4000, dtype=np.uint64) << np.uint64(63)
    )
    values = [v for v in bits.view(np.float64).tolist() if np.isfinite(v)]
    values += [float(v) for v in rng.normal(size=4000)] + [
        round(float(v), 3) for v in rng.normal(1e6, 1e5, 4000)
    ]
    for start in range(0, len(values), 4000):
        part = values[start : start + 4000]
        found = profile_csv(write(tmp_path, "i,x\n" + "".join(f"1,{v!r}\n" for v in part)))
        assert found.reader == "csv"
        expected = profile(pa.table({"x": part})).columns["x"]
        assert found.columns["x"].to_bytes() == expected.to_bytes()


@pytest.fixture(params=["portable", "avx2", "avx512"])
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    if lib.dqm_force_instruction_set(request.param.encode()) != 0:
        pytest.skip(f"this processor has no {request.param}")
    yield request.param
    lib.dqm_force_instruction_set(b"best")


@pytest.mark.usefixtures("instruction_set")
def test_decimals_of_every_length_are_read_alike_on_every_instruction_set(tmp_path: Path) -> None:
    digits = "98765432109876543210"
    fields = ["", "7", ""]
    for sign in ("", "-"):
        for before in range(18):
            fields.append(sign + "1" * (before + 1))
            for behind in range(18 - before):
                fields += [f"{sign}{digits[:before]}.{digits[:behind]}" for _ in range(before + behind > 0)]
    path = write(tmp_path, "i,x,last\n" + "".join(f"1,{field},{field}\n" for field in fields))
    found = profile_csv(path)
    assert found.reader == "csv"
    expected = profile(pa.table({"x": [float(field) if field else None for field in fields]})).columns["x"]
    assert found.columns["x"].to_bytes() == expected.to_bytes()
    assert found.columns["last"].to_bytes() == expected.to_bytes()


@pytest.mark.parametrize("field", ["-", ".", "-.", "1.2.3", "1-2", "--1", "1-", "12:3", "-1234567890123456-"])
@pytest.mark.usefixtures("instruction_set")
def test_what_is_no_number_is_not_read_as_one(tmp_path: Path, field: str) -> None:
    numbers = "".join(f"{i},{i}.5\n" for i in range(25_000))  # beyond the rows that tell the type
    found = profile_csv(write(tmp_path, "i,x\n" + numbers + f"1,{field}\n2,3\n"))
    assert found.reader == "csv"
    assert found.columns["x"].kind == "string"
    assert found.columns["x"].metrics()["row_count"] == 25_002


def test_a_file_read_in_parts_of_morsels_has_the_bytes_of_its_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    rows = 150_000
    missing = rng.random(rows) < 0.05
    seconds = 1_700_000_000 + rng.permutation(rows)
    large = rng.integers(2**53, 2**62, rows)
    large[: rows // 2] = rng.integers(0, 1000, rows // 2)
    table = pa.table(
        {
            "i": pa.array(np.arange(rows)),
            "large": pa.array(large, mask=missing),
            "x": pa.array(np.round(rng.normal(size=rows), 6), mask=missing),
            "at": pa.array(seconds, pa.timestamp("s")).cast(pa.timestamp("us")),
            "up": pa.array(np.sort(seconds), pa.timestamp("s")).cast(pa.timestamp("us")),
            "yes": pa.array(rng.random(rows) < 0.3, mask=missing),
            "name": pa.array([f"name {i % 997}" for i in range(rows)]),
        }
    )
    path = tmp_path / "rows.csv"
    pa.csv.write_csv(table, path)
    found = profile_csv(path, threads=2)
    assert found.reader == "csv"
    expected = profile(table, threads=1)
    for name, column in expected.columns.items():
        assert found.columns[name].to_bytes() == column.to_bytes(), name


def test_threads_and_pieces_do_not_change_the_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    rows = "".join(f"{i},{v:.6f},name {i % 97}\n" for i, v in enumerate(rng.normal(size=150_000)))
    path = write(tmp_path, "i,x,s\n" + rows)
    one = profile_csv(path, threads=1)
    three = profile_csv(path, threads=3, segment_by=None)
    assert {n: c.to_bytes() for n, c in one.columns.items()} == {
        n: c.to_bytes() for n, c in three.columns.items()
    }


def test_segments_come_from_csv_too(tmp_path: Path) -> None:
    found = profile_csv(write(tmp_path, "k,x\na,1\nb,2\na,3\n"), segment_by="k")
    assert found.segments["a"].columns["x"].metrics()["sum"] == 4


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,x\n" * 200_000)
    seen: list[float] = []
    profile_csv(path, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        profile_csv(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="Parquet"):
        profile_parquet(write(tmp_path, "no parquet"))


def test_parquet_gives_what_its_table_gives(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    table = pa.table({"x": rng.normal(size=100_000), "s": rng.choice(["a", "b"], 100_000)})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=30_000)
    seen: list[float] = []
    found = profile_parquet(tmp_path / "t.parquet", progress=seen.append)
    assert found.reader == "parquet"
    assert facts(found) == facts(profile(table))
    assert seen[-1] == 1.0


TIMES = {
    "with Z": ["2024-01-01T10:00:00Z", "2024-01-02T10:00:00.25Z"],
    "with offsets": ["2024-01-01 10:00:00+02", "1969-12-31 23:59:59.5-05:30", "2024-02-29T00:00:00+15:59"],
    "more digits than microseconds": ["2024-01-01 10:00:00.123456789", "2024-01-02 10:00:00.9999999"],
    "without seconds": ["2024-01-01 10:00", "2024-01-02T23:59"],
}


@pytest.mark.parametrize("notation", TIMES)
def test_times_in_any_iso_notation_are_read_as_duckdb_reads_them(tmp_path: Path, notation: str) -> None:
    path = write(tmp_path, "id,at\n" + "".join(f"{i},{t}\n" for i, t in enumerate(TIMES[notation])))
    found = profile_csv(path)
    assert (found.reader, found.columns["at"].kind) == ("csv", "time")
    assert facts(found) == facts(through_duckdb(path))


OTHER_TIMES = {
    "some with a zone, some without": ["2024-01-01T10:00:00Z", "2024-01-02 10:00:00"],
    "the zone's name": ["2024-01-01 10:00:00 UTC", "2024-01-02 10:00:00 UTC"],
    "a zone without a colon": ["2024-01-01 10:00:00+0200", "2024-01-02 10:00:00+0200"],
    "American, as the covid reports have it": ["3/22/20 23:45", "4/1/20 1:05"],
    "American with a long year": ["1/22/2020 17:00", "1/23/2020 9:00"],
    "one digit of a month": ["2024-1-1", "2024-1-12"],
}


@pytest.mark.parametrize("notation", OTHER_TIMES)
def test_times_in_other_notations_go_through_duckdb_and_the_profile_says_so(
    tmp_path: Path, notation: str
) -> None:
    path = write(tmp_path, "id,at\n" + "".join(f"{i},{t}\n" for i, t in enumerate(OTHER_TIMES[notation])))
    found = profile_csv(path)
    assert found.reader == "duckdb"
    assert facts(found) == facts(through_duckdb(path))


def test_a_zone_beyond_the_sample_leaves_the_file_to_duckdb(tmp_path: Path) -> None:
    lines = [f"{i},2024-01-01 10:00:00" for i in range(60_000)]
    lines[50_000] = "1,2024-01-01 10:00:00Z"
    assert profile_csv(write(tmp_path, "a,at\n" + "\n".join(lines))).reader == "duckdb"
