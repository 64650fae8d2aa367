from hypothesis import example, given, settings
from hypothesis import strategies as st

from dqm_assets.ingest.content import Content
from dqm_assets.ingest.exact import read_exact
from dqm_assets.ingest.parsed import Dialect
from dqm_assets.ingest.scan import START
from dqm_assets.ingest.split import split_records

_PIECES = st.sampled_from(
    ["a", "b", ",", '"', "\n", "\r\n", "\r", "\x00", " ", "é", "1,2\n", '"x","y"\n', 'a,"b\nc"\n', '""', ',"']
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(_PIECES, max_size=60).map("".join), st.integers(1, 3))
@example('1,"2\n3,4\n5,6\n', 2)
@example('a,"\n"x,b\n1,2\n', 2)
def test_fast_and_exact_reading_agree_on_any_text(text: str, width: int) -> None:
    content = Content(text.encode(), "utf-8", damaged=False, compression=None)
    dialect = Dialect(header=False)
    mixed = split_records(content, dialect, width)
    exact, _ = read_exact(content, dialect, width, START)
    assert mixed.text.to_pydict() == exact.text.to_pydict()
    assert mixed.lines.tolist() == exact.lines.tolist()
    assert mixed.starts.tolist() == exact.starts.tolist()
    assert [(r.line, r.code, r.raw_text) for r in mixed.rejects] == [
        (r.line, r.code, r.raw_text) for r in exact.rejects
    ]
    assert mixed.rows_in == exact.rows_in == mixed.text.num_rows + len(mixed.rejects)
