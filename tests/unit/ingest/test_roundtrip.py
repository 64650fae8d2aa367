"""Random tables, written with Python's csv in random dialects, come back exactly."""

import csv
import io
from pathlib import Path

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dqm_assets.ingest import read_file

_LETTERS = st.sampled_from([*"abcxyz 0123.-'\"éüñ,;\n", "\r\n"])
_WESTERN = "cp1252"
_ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", _WESTERN]
_FIELD = st.lists(_LETTERS, max_size=8).map("".join)


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[tuple[int, list[str]]], list[int]]:
    """A file's bytes, its good rows with their lines, and the lines of its ragged rows."""
    width = draw(st.integers(2, 6))
    count = draw(st.integers(8, 40))
    delimiter = draw(st.sampled_from(list(",;\t|^~")))
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    # With CR as line ending the writer leaves fields that hold LF unquoted, which nobody could read back.
    quoting = csv.QUOTE_ALL if newline == "\r" else draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    encoding = draw(st.sampled_from(_ENCODINGS))
    ragged = draw(st.sets(st.integers(0, count - 1), max_size=count // 8))
    records = draw(st.lists(st.lists(_FIELD, min_size=width, max_size=width), min_size=count, max_size=count))
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    writer.writerow([f"name_{'abcdef'[i]}" for i in range(width)])
    good, bad = [], []
    for number, record in enumerate(records):
        line = _lines(target.getvalue()) + 1
        if number in ragged:
            changed = draw(st.sampled_from([record[:-1], [*record, "more"]]))
            # csv writes a lone empty field quoted, so that the row is no blank line.
            writer.writerow(changed)
            bad.append(line)
        else:
            writer.writerow(record)
            good.append((line, record))
    return target.getvalue().encode(encoding), good, bad


def _lines(text: str) -> int:
    return len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files())
def test_what_was_written_is_read(tmp_path: Path, file: tuple) -> None:
    data, good, bad = file
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    names = [f"name_{letter}" for letter in "abcdef"]
    parsed = read_file(path, dict.fromkeys(names, pa.string()))
    read = [tuple(row.values()) for row in parsed.table.to_pylist()]
    assert read == [(*(field or None for field in record), line) for line, record in good]
    assert [reject.line for reject in parsed.rejects] == bad
    assert parsed.rows_in == len(good) + len(bad)
