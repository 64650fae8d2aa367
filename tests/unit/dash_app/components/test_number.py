import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.components.number import count, file_size, number, plural, share


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (0.0, "0"),
        (-0.0, "0"),
        (3.14159, "3.142"),
        (12.0, "12"),
        (1234.5678, "1,235"),
        (1234567.0, "1,234,567"),
        (0.001234, "0.001234"),
        (0.0001, "0.0001"),
        (-2.5, "−2.5"),
        (1.5e12, "1.5e12"),
        (-3.21e-9, "−3.21e-9"),
        (99999.5, "100,000"),
        (0.5, "0.5"),
        (9.99996, "10"),
    ],
)
def test_a_number_is_written_with_four_significant_digits_and_groups(
    value: float | None, written: str
) -> None:
    assert number(value) == written


@given(st.floats(min_value=-1e300, max_value=1e300))
def test_a_written_number_is_read_back_within_its_digits(value: float) -> None:
    read = float(number(value).replace(",", "").replace("−", "-"))
    assert read == pytest.approx(value, rel=6e-4, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.5, "50 %"),
        (0.924, "92.4 %"),
        (0.9999, "> 99.9 %"),
        (0.0001, "< 0.1 %"),
    ],
)
def test_a_share_never_rounds_some_to_none_or_most_to_all(value: float | None, written: str) -> None:
    assert share(value) == written


def test_counts_nouns_and_sizes_read_as_people_write_them() -> None:
    assert (count(None), count(12345)) == ("–", "12,345")
    assert (plural(1, "run"), plural(2000, "run"), plural(2, "entry", "entries")) == (
        "1 run",
        "2,000 runs",
        "2 entries",
    )
    assert (file_size(None), file_size(512), file_size(2048), file_size(5 << 40)) == (
        "–",
        "512 B",
        "2 KiB",
        "5 TiB",
    )
