import pytest

from dqm_assets.ingest.dialect import has_header, rank_dialects


def best(text: str) -> tuple[str, str, str | None, bool]:
    dialect = rank_dialects(text.encode(), whole=True)[0]
    return dialect.delimiter, dialect.quote, dialect.escape, dialect.skip_initial_space


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n" + "1,5;2,5\n" * 50, (";", '"', None, False)),
        ("1,5;2,5\n" * 50, (";", '"', None, False)),
        ("a,b\n'1,5','x'\n'2','y'\n", (",", "'", None, False)),
        ("a,b\nit's,don't\n'tis,x\n", (",", '"', None, False)),
        ('a,b\n"x \\"y\\", z",1\n', (",", '"', "\\", False)),
        ('a, b\n1, "x, y"\n', (",", '"', None, True)),
        ("a\tb\n1,2\t3\n4\t5\n", ("\t", '"', None, False)),
        ("when\n10:30\n11:00\n", (",", '"', None, False)),
        ('"a;b","c;d"\n"e;f","g"\n', (",", '"', None, False)),
        ("2020-01-01 10:00:00|1|x\n" * 5, ("|", '"', None, False)),
        ("", (",", '"', None, False)),
    ],
)
def test_the_dialect_that_gives_even_clean_rows_wins(text: str, expected: tuple) -> None:
    assert best(text) == expected


def test_the_last_record_of_a_cut_sample_does_not_count() -> None:
    cut = b'a;b\n1;2\n3;"x,y,z,'
    assert rank_dialects(cut, whole=False)[0].delimiter == ";"


def test_a_declared_name_makes_a_header() -> None:
    assert has_header([["1", "Value"], ["2", "3"]], {"value"})
    assert not has_header([["1", "2"], ["2", "3"]], {"value"})
