import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.ingest import scan
from dqm_assets.ingest.scan import Place, scan_records


def test_places_of_records_are_exact() -> None:
    data = b'a,b\r\n"1\n2",x\r\n\r\n\n3,"y""z"'
    found = scan_records(data, ",", '"')
    spans = zip(found.starts, found.ends, strict=True)
    assert [data[start:end] for start, end in spans] == [b"a,b", b'"1\n2",x', b'3,"y""z"']
    assert found.lines.tolist() == [1, 2, 6]


@pytest.mark.parametrize("text", ['a"b,c\n', '"a"b,c\n', '"a\n', 'a, "b"\n', '"a" ,b\n', "a,\x00\n"])
def test_the_scan_stops_before_the_first_irregular_record(text: str) -> None:
    before = b'h,i\n"1\n2",x\n'
    found = scan_records(before + text.encode() + b"y,z\n", ",", '"')
    assert found.lines.tolist() == [1, 2]
    assert found.stop == (len(before), 4)
    again = scan_records(before, ",", '"')
    assert (again.lines.tolist(), again.stop) == ([1, 2], None)


def test_the_scan_can_start_in_the_middle() -> None:
    found = scan_records(b"a\r\nb\r\n\r\nc", ",", '"', Place(3, 2))
    assert (found.starts.tolist(), found.lines.tolist()) == ([3, 8], [2, 4])


@given(
    st.lists(st.lists(st.text('ab,"\n', max_size=4), min_size=2, max_size=4), min_size=1, max_size=30),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 17),
)
def test_chunk_borders_change_nothing(records: list, quoting: int, newline: str, chunk: int) -> None:
    target = io.StringIO()
    csv.writer(target, quoting=quoting, lineterminator=newline).writerows(records)
    data = target.getvalue().encode()
    usual, scan._CHUNK = scan._CHUNK, chunk
    try:
        small = scan_records(data, ",", '"')
    finally:
        scan._CHUNK = usual
    large = scan_records(data, ",", '"')
    assert small.stop is large.stop is None
    assert len(large.starts) == len(records)
    for a, b in ((small.starts, large.starts), (small.ends, large.ends), (small.lines, large.lines)):
        assert a.tolist() == b.tolist()
