import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dqm_assets.errors import SourceError
from dqm_assets.ingest import ParsedFile, read_file
from dqm_assets.ingest.parsed import RAW_TEXT_LIMIT


def write(folder: Path, data: bytes | str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def rows(parsed: ParsedFile) -> list[tuple]:
    return [tuple(row.values()) for row in parsed.table.drop_columns("_line").to_pylist()]


def codes(parsed: ParsedFile) -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in parsed.rejects]


BASE = "a,b,c\n1,x,2.5\n2,y,3.5\n"
BASE_ROWS = [(1, "x", 2.5), (2, "y", 3.5)]


@pytest.mark.parametrize("delimiter", list(",;\t|^~\x1f\x01: "))
def test_any_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    parsed = read_file(write(tmp_path, BASE.replace(",", delimiter)))
    assert rows(parsed) == BASE_ROWS
    assert parsed.dialect.delimiter == delimiter


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("latin-1", "cp1252"),
        ("cp1252", "cp1252"),
    ],
)
def test_any_encoding_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    text = "Ort,Straße,n\nKöln,Größe é,1\nMünchen,àçñ,2\n"
    parsed = read_file(write(tmp_path, text.encode(encoding)))
    assert parsed.dialect.encoding == found
    assert parsed.table.column_names == ["ort", "straße", "n", "_line"]
    assert rows(parsed) == [("Köln", "Größe é", 1), ("München", "àçñ", 2)]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1251", "Москва привет улица область население город"),
        ("koi8-r", "Москва привет улица область население город"),
        ("shift_jis", "東京 大阪 名古屋 こんにちは"),
        ("gb18030", "北京 上海 广州 人口"),
    ],
)
def test_other_scripts_are_found_when_there_is_enough_text(tmp_path: Path, encoding: str, words: str) -> None:
    text = "id,name\n" + "".join(f"{i},{word}\n" for i, word in enumerate(words.split() * 8))
    parsed = read_file(write(tmp_path, text.encode(encoding)))
    assert parsed.table["name"].to_pylist() == words.split() * 8


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_newline_is_found_and_quoted_ones_are_kept(tmp_path: Path, newline: str) -> None:
    text = f'a,b{newline}1,"x{newline}y"{newline}{newline}2,z'
    parsed = read_file(write(tmp_path, text))
    assert rows(parsed) == [(1, f"x{newline}y"), (2, "z")]
    assert parsed.table["_line"].to_pylist() == [2, 5]
    assert parsed.dialect.newline == newline


@pytest.mark.parametrize(
    ("text", "header", "names"),
    [
        ("1,2,3\n4,5,6\n", False, ["column_1", "column_2", "column_3"]),
        ("name,age\nann,3\n", True, ["name", "age"]),
        ("name,town\nann,here\n", True, ["name", "town"]),
        ("country,2019,2020\nfr,1,2\n", True, ["country", "2019", "2020"]),
        ("2020-01-01,north,3.5\n2020-01-02,north,3.6\n", False, ["column_1", "column_2", "column_3"]),
        ("a,a,,b/c\n1,2,3,4\n", True, ["a", "a_2", "column_3", "b_c"]),
        (",,\nx,y,z\n", False, ["column_1", "column_2", "column_3"]),
    ],
)
def test_header_is_told_from_data(tmp_path: Path, text: str, header: bool, names: list[str]) -> None:
    parsed = read_file(write(tmp_path, text))
    assert parsed.dialect.header is header
    assert parsed.table.column_names == [*names, "_line"]
    assert parsed.rows_in == len(text.splitlines()) - header


def test_header_can_be_told(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\nc,d\n")
    assert read_file(path, header=False).rows_in == 2
    assert read_file(path, header=True).rows_in == 1


def test_ragged_rows_are_rejected_with_line_reason_and_text(tmp_path: Path) -> None:
    parsed = read_file(write(tmp_path, 'a,b,c\n1,2,3\n4,5\n"x\ny",5,6,7\n7,8,9\n'))
    assert rows(parsed) == [(1, 2, 3), (7, 8, 9)]
    assert parsed.table["_line"].to_pylist() == [2, 6]
    assert codes(parsed) == [(3, "too_few_fields"), (4, "too_many_fields")]
    assert parsed.rejects[0].reason == "2 fields where 3 are expected"
    assert parsed.rejects[1].raw_text == '"x\ny",5,6,7'
    assert (parsed.rows_in, parsed.rows_loaded, parsed.rows_rejected) == (4, 2, 2)


def test_a_header_shorter_than_every_row_gets_names_for_the_rest(tmp_path: Path) -> None:
    parsed = read_file(write(tmp_path, "a,b\n1,2,3\n4,5,6\n"))
    assert parsed.table.column_names == ["a", "b", "column_3", "_line"]
    assert parsed.rows_loaded == 2


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ('a,b\n1,"x\n2,y\n3,z\n', [(2, "y"), (3, "z")], [(2, "unclosed_quote")]),
        ('a,b\n1,5" pipe\n2,"ok"\n', [(1, '5" pipe'), (2, "ok")], []),
        ('a,b\n1,"x"y\n2,z\n', [(1, "xy"), (2, "z")], []),
        ('a,b\n1,"x\n2,y\n3,"z" w\n4,v\n', [(2, "y"), (3, "z w"), (4, "v")], [(2, "unclosed_quote")]),
        ("a,b\n1,x\n\x00,y\n3,z\n", [(1, "x"), (3, "z")], [(3, "nul_byte")]),
        ('a, b\n1, "x, y"\n2, "z"\n', [(1, "x, y"), (2, "z")], []),
        ('a,b\n1,"x \\"y\\", z"\n2,"z"\n', [(1, 'x "y", z'), (2, "z")], []),
    ],
)
def test_odd_quoting_and_nul_bytes_cost_their_own_row_only(
    tmp_path: Path, text: str, good: list, bad: list
) -> None:
    parsed = read_file(write(tmp_path, text))
    assert rows(parsed) == good
    assert codes(parsed) == bad


def test_a_stray_quote_in_a_large_file_costs_one_row(tmp_path: Path) -> None:
    lines = [f"{i},word{i},{i}.5" for i in range(60_000)]
    lines[700] = '700,"word700,700.5'
    parsed = read_file(write(tmp_path, "a,b,c\n" + "\n".join(lines) + "\n"))
    assert codes(parsed) == [(702, "unclosed_quote")]
    assert parsed.rows_loaded == 59_999


def test_bytes_that_are_no_text_cost_their_own_row(tmp_path: Path) -> None:
    body = "".join(f"{i},é\n" for i in range(20)).encode() + b"20,\xe9\n21,z\n"
    parsed = read_file(write(tmp_path, b"a,b\n" + body))
    assert parsed.dialect.encoding == "utf-8"
    assert codes(parsed) == [(22, "bad_encoding")]
    assert parsed.rejects[0].raw_text == "20,\\xe9"
    assert parsed.rows_loaded == 21


def test_raw_text_is_bounded(tmp_path: Path) -> None:
    parsed = read_file(write(tmp_path, "a,b\n1,2\n3,4\n5," + "é" * 9000 + ",6\n"))
    assert len(parsed.rejects[0].raw_text.encode()) <= RAW_TEXT_LIMIT
    assert parsed.rejects[0].raw_text.startswith("5,éé")


def test_a_record_longer_than_a_block_is_read(tmp_path: Path) -> None:
    long = "x" * (3 << 20)
    parsed = read_file(write(tmp_path, f'a,b\n1,"{long}\n"\n2,z\n'))
    assert rows(parsed) == [(1, long + "\n"), (2, "z")]


def test_gzip_is_read_by_content_not_by_name(tmp_path: Path) -> None:
    parsed = read_file(write(tmp_path, gzip.compress(BASE.encode()), "data.csv"))
    assert rows(parsed) == BASE_ROWS
    assert parsed.dialect.compression == "gzip"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\n\r\n\n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (gzip.compress(b"", mtime=0), "empty_file"),
        (b"PK\x03\x04whatever", "unreadable"),
        (b"PAR1 but not really", "unreadable"),
        (b"\x1f\x8bnot gzip", "unreadable"),
        (gzip.compress(BASE.encode() * 100, mtime=0)[:-20], "unreadable"),
        (bytes(range(256)) * 20 + bytes(5000), "unreadable"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_file(write(tmp_path, data))
    assert caught.value.code == code
    assert str(tmp_path) in str(caught.value)


def test_a_missing_file_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        read_file(tmp_path / "none.csv")


def test_a_file_of_a_header_only_has_no_rows(tmp_path: Path) -> None:
    parsed = read_file(write(tmp_path, "a,b\n"))
    assert (parsed.rows_in, parsed.table.column_names) == (0, ["a", "b", "_line"])


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert rows(read_file(write(tmp_path, "time\n10:30\n11:00\n"))) == [("10:30",), ("11:00",)]


def test_prose_is_one_column(tmp_path: Path) -> None:
    parsed = read_file(write(tmp_path, "note\n" + "hello, world\nfoo bar\nx, y; z\n" * 20))
    assert parsed.rows_loaded == 60
    assert parsed.table["note"].to_pylist()[:3] == ["hello, world", "foo bar", "x, y; z"]


def test_declared_columns_reject_rows_that_do_not_cast(tmp_path: Path) -> None:
    text = "id,when,value,note\n1,2020-01-01 10:00,1.5,a\nx,2020-01-02,2.5,b\n3,never,oops,c\n4,,NA,\n"
    columns = {"id": pa.int64(), "when": pa.timestamp("us", tz="UTC"), "value": pa.float64()}
    parsed = read_file(write(tmp_path, text), columns)
    assert parsed.table["id"].to_pylist() == [1, 4]
    assert parsed.table["value"].to_pylist() == [1.5, None]
    assert [(r.line, r.code, r.column) for r in parsed.rejects] == [
        (3, "wrong_type", "id"),
        (4, "wrong_type", "when"),
    ]
    assert "'never'" in parsed.rejects[1].reason
    assert "also value" in parsed.rejects[1].reason
    assert parsed.rejects[0].raw_text == "x,2020-01-02,2.5,b"
    assert parsed.rows_in == 4


def test_declared_names_are_matched_and_spelled_as_declared(tmp_path: Path) -> None:
    parsed = read_file(write(tmp_path, "Sensor ID,Value\n007,1\n"), {"SensorId": pa.string()})
    assert parsed.table.column_names == ["SensorId", "value", "_line"]
    assert parsed.table["SensorId"].to_pylist() == ["007"]


def test_declared_names_are_given_by_position_without_a_header(tmp_path: Path) -> None:
    columns = {"a": pa.int64(), "b": pa.float64()}
    assert read_file(write(tmp_path, "1,2\n3,4\n"), columns).table.column_names == ["a", "b", "_line"]


def test_parquet_is_read_and_its_declared_columns_cast(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    pq.write_table(pa.table({"A b": ["1", "x", None], "n": pa.array([1, 2, 3], pa.int32())}), path)
    parsed = read_file(path, {"a_b": pa.int64()})
    assert parsed.dialect.format == "parquet"
    assert parsed.table.to_pydict() == {"a_b": [1, None], "n": [1, 3], "_line": [1, 3]}
    assert [(r.line, r.column) for r in parsed.rejects] == [(2, "a_b")]
    assert parsed.rows_in == 3


def test_own_column_names_of_the_store_cannot_be_taken(tmp_path: Path) -> None:
    parsed = read_file(write(tmp_path, "_line,_run_id,__\n5,6,7\n"), {"_run_id": pa.string()})
    assert parsed.table.column_names == ["line", "run_id", "column_3", "_line"]
