import random

import numpy as np
import pyarrow as pa
import pytest

from dqm_assets.quality.contracts.text_codes import MOST_TEXTS, text_codes

#: Lengths around every border of how the kernel keeps texts, and texts that differ in one byte only.
WORDS = [
    "", "a", "ab", "ba", "abc", "abcd", "abdd", "abcdefg", "abcdefgh", "abcdefghi", "é", "日本", "a\0",
    "a\0\0", "x" * 16, "x" * 17, "x" * 16 + "y", "x" * 40 + "a" + "x" * 7, "x" * 40 + "b" + "x" * 7,
]  # fmt: skip


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_every_row_has_the_code_of_its_text_in_slices_and_chunks(kind: pa.DataType) -> None:
    rng = random.Random(1)
    values = [rng.choice([*WORDS, None]) for _ in range(5000)]
    whole = pa.array(values, kind)
    chunks = [pa.array(values[:7], kind), whole.slice(7, 1000), whole.slice(7, 0), whole.slice(1007)]
    coded = text_codes(pa.chunked_array(chunks))
    assert coded is not None
    texts = coded.texts.to_pylist()
    assert sorted(texts) == sorted(WORDS)
    assert [texts[code - 1] if code else None for code in coded.codes.tolist()] == values
    marked = np.array([text in {"abc", "x" * 17} for text in texts])
    for nulls in (False, True):
        wanted = [(nulls and v is None) or v in {"abc", "x" * 17} for v in values]
        assert coded.rows_with(marked, nulls=nulls).tolist() == wanted


def test_a_column_of_too_many_texts_is_not_coded() -> None:
    texts = [f"text {n}" for n in range(MOST_TEXTS + 1)]
    assert text_codes(pa.chunked_array([texts])) is None
    coded = text_codes(pa.chunked_array([texts[:-1], texts[:10]]))
    assert coded is not None
    assert coded.texts.to_pylist() == texts[:-1]


def test_a_column_without_rows_or_without_values_has_no_text() -> None:
    for column in (pa.chunked_array([], pa.string()), pa.chunked_array([pa.nulls(3, pa.string())])):
        coded = text_codes(column)
        assert coded is not None
        assert (len(coded.texts), coded.codes.tolist()) == (0, [0] * len(column))
