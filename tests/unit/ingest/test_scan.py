import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.ingest import scan
from dqm_assets.ingest.scan import scan_records


def test_places_of_records_are_exact() -> None:
    data = b'a,b\r\n"1\n2",x\r\n\r\n\n3,"y""z"'
    found = scan_records(data, ",", '"')
    assert found is not None
    spans = zip(found.starts, found.ends, strict=True)
    assert [data[start:end] for start, end in spans] == [b"a,b", b'"1\n2",x', b'3,"y""z"']
    assert found.lines.tolist() == [1, 2, 6]


def test_irregular_quoting_is_refused() -> None:
    for text in ('a"b,c\n', '"a"b,c\n', '"a\n', 'a, "b"\n', '"a" ,b\n'):
        assert scan_records(text.encode(), ",", '"') is None, text


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
    assert small is not None
    assert large is not None
    assert len(large.starts) == len(records)
    for a, b in ((small.starts, large.starts), (small.ends, large.ends), (small.lines, large.lines)):
        assert a.tolist() == b.tolist()
